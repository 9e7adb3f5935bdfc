/* A coordinator's QR code makes this phone one that is known by its key. Until then, and without, it works as before. */

import { canHoldKey, dropOffer, keepOffer, keyOfOffer, nowEnrolled, offered } from "./phone.js";
import { Answered, ask, boundTo, inTurn, session, SignedOut } from "./session.js";

const OFFER = /^#enrol=([\w.~-]+)$/;

/** The offer in the page's address is kept, and gone from the address; what went wrong, as a word of ours, or null. */
export async function readOffer() {
  const found = OFFER.exec(location.hash);
  if (found === null) return null;
  try {
    if (!canHoldKey()) return "enrol_unable";
    await keepOffer(found[1]);
    return null;
  } catch {
    return "enrol_unable";
  } finally {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}

/** What became of the offer that waits, as a word of ours: null where none waits, or nobody is signed in. */
export function enrol() {
  return inTurn("hemtid.door.enrolment", async () => {
    const offer = await offered();
    const who = session();
    if (offer === null || who === null) return null;
    if (who.revoked) return "enrol_again";
    if (who.key) return settled("enrol_already");
    try {
      return await enrolWith(offer, who);
    } catch (fault) {
      return wordOf(fault);
    }
  });
}

async function enrolWith(offer, who) {
  let key;
  try {
    key = await keyOfOffer(offer);
  } catch {
    return settled("enrol_unable");
  }
  const { tokens } = await ask("POST", "/devices/enrolment", { token: key.token, public_key: key.jwk }, { key });
  await nowEnrolled(key);
  boundTo(key, tokens, who);
  return "enrolled";
}

/* An answer that is final settles the offer; without one the same key is shown again. */
function wordOf(fault) {
  if (fault instanceof SignedOut) return null;
  if (!(fault instanceof Answered)) return "enrol_coverage";
  const final = { 403: "enrol_role", 404: "enrol_unknown", 409: "enrol_used", 422: "enrol_unknown" }[fault.status];
  return final === undefined ? "enrol_server" : settled(final);
}

async function settled(word) {
  await dropOffer().catch(() => null);
  return word;
}
