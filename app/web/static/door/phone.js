/* The key of an enrolled phone. It is made here, cannot be taken out, and signs a proof of every request. RFC 9449. */

import { newId, serverSeconds } from "./clock.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const OFFER_MS = 600_000;
const text = new TextEncoder();

let opened = null;

/** True where this browser can hold a key that nobody takes out of it. */
export function canHoldKey() {
  return globalThis.crypto?.subtle !== undefined && globalThis.indexedDB != null;
}

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("hemtid-phone", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("keys");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  }).catch((fault) => {
    opened = null;
    throw fault;
  });
  return opened;
}

async function change(work) {
  const transaction = (await database()).transaction("keys", "readwrite", { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  work(transaction.objectStore("keys"));
  await done;
}

async function read(which) {
  if (!canHoldKey()) return null;
  const store = (await database()).transaction("keys").objectStore("keys");
  return new Promise((resolve, reject) => {
    const asked = store.get(which);
    asked.onsuccess = () => resolve(asked.result ?? null);
    asked.onerror = () => reject(asked.error);
  });
}

/** The enrolled phone that this is as {thumbprint, jwk, private_key, revoked}, null where it is none. Throws where it
    cannot be read now. */
export function enrolledKey() {
  return read("enrolled");
}

/** What a QR code has offered and is not yet settled: {token, made_at}, with a key once one is made; null for none. */
export async function offered() {
  const offer = await read("offered").catch(() => null);
  return offer !== null && (offer.jwk || Math.abs(Date.now() - offer.made_at) < OFFER_MS) ? offer : null;
}

/** The offer of the QR code is kept until it is settled. Throws where the browser keeps nothing. */
export async function keepOffer(token) {
  const before = await read("offered");
  if (before?.token !== token) await change((keys) => keys.put({ token, made_at: Date.now() }, "offered"));
}

/** The offer with a key, always the same one, kept before it is shown to anybody. Throws where none can be kept. */
export async function keyOfOffer(offer) {
  if (offer.jwk) return offer;
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const jwk = { kty, crv, x, y };
  const thumbprint = base64url(await digest(JSON.stringify({ crv, kty, x, y })));
  const made = { ...offer, jwk, thumbprint, private_key: pair.privateKey };
  await change((keys) => keys.put(made, "offered"));
  return made;
}

/** The offered key is this phone's; the one before it, if any, is forgotten. */
export async function nowEnrolled({ jwk, thumbprint, private_key }) {
  await change((keys) => {
    keys.put({ jwk, thumbprint, private_key, revoked: false }, "enrolled");
    keys.delete("offered");
  });
}

/** Nothing comes of the offer. */
export async function dropOffer() {
  await change((keys) => keys.delete("offered"));
}

/** The phone with this key is out of use for good; the key stays, for what is still to be handed over. */
export async function nowRevoked(thumbprint) {
  const kept = await enrolledKey();
  if (kept?.thumbprint === thumbprint) await change((keys) => keys.put({ ...kept, revoked: true }, "enrolled"));
}

/** A proof of the key for one request, once; `token` is the access token that goes with it. RFC 9449 section 4.2. */
export async function proofOf(key, method, address, token) {
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: key.jwk };
  const stated = { jti: newId(), htm: method, htu: address, iat: serverSeconds() };
  if (token) stated.ath = base64url(await digest(token));
  const signed = [header, stated].map((part) => base64url(text.encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign(SIGNATURE, key.private_key, text.encode(signed));
  return `${signed}.${base64url(signature)}`;
}

function digest(told) {
  return crypto.subtle.digest("SHA-256", text.encode(told));
}

function base64url(content) {
  const told = btoa(String.fromCharCode(...new Uint8Array(content)));
  return told.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
