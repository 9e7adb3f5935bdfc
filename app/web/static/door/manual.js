/* Registering by hand, where the tag cannot be read: today's planned visits, and the reason. Source: V3. */

import { ask } from "./session.js";

const DAY_MS = 86_400_000;

/** Today's visits of the signed-in caregiver, the first to begin first: {id, customer_id, starts_at, name}. */
export async function todaysVisits() {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const period = `from=${instant(midnight)}&before=${instant(midnight + DAY_MS)}`;
  const [plans, customers] = await Promise.all([
    ask("GET", `/planned-visits?${period}&limit=200`),
    ask("GET", "/customers?limit=200"),
  ]);
  const names = new Map(customers.items.map((one) => [one.id, one.name]));
  return plans.items
    .filter((one) => !one.cancelled)
    .sort((one, other) => one.starts_at.localeCompare(other.starts_at))
    .map(({ id, customer_id, starts_at }) => ({ id, customer_id, starts_at, name: names.get(customer_id) ?? "" }));
}

function instant(milliseconds) {
  return new Date(milliseconds).toISOString();
}
