/* The queue in the phone: what was registered or asked for and not yet answered for. It survives reloading and closing. */

let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("hemtid-door", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("queue", { keyPath: "id" });
      asked.result.createObjectStore("numbers");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  }).catch((fault) => {
    opened = null;
    throw fault;
  });
  return opened;
}

/* `work` gets the stores of one transaction; what it returns is known once all of it is on disk. */
async function change(work) {
  const transaction = (await database()).transaction(["queue", "numbers"], "readwrite", { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  work(transaction.objectStore("queue"), transaction.objectStore("numbers"));
  await done;
}

/** The registration is on disk under the phone's next number; then, and not before, it may be called kept.
    An enrolled phone (`owner.phone`) numbers by itself, so that nothing sent without its key looks lost. Source: D22. */
export async function keep(content, owner) {
  const counter = owner.phone ? `sequence.${owner.phone}` : "sequence";
  await change((queue, numbers) => {
    const count = numbers.get("sequence");
    const last = numbers.get("order");
    const asked = numbers.get(counter);
    asked.onsuccess = () => {
      const sequence = (asked.result ?? count.result ?? 0) + 1;
      const order = (last.result ?? count.result ?? 0) + 1;
      numbers.put(sequence, counter);
      numbers.put(order, "order");
      const numbered = { ...content, clock: { ...content.clock, sequence } };
      queue.put({ id: content.id, content: numbered, owner, order, problem: null });
    };
  });
}

/** What is asked for a visit is on disk, behind all that was registered before; it takes no number of a registration. */
export async function keepAsk(id, ask, owner) {
  await change((queue, numbers) => {
    const count = numbers.get("sequence");
    const last = numbers.get("order");
    last.onsuccess = () => {
      const order = (last.result ?? count.result ?? 0) + 1;
      numbers.put(order, "order");
      queue.put({ id, ask, owner, order, problem: null });
    };
  });
}

/** Every registration in the queue, in the order in which it was registered. */
export async function waiting() {
  return (await everything()).filter((row) => row.content !== undefined);
}

/** Everything in the queue that is asked for a visit, in the order in which it was asked. */
export async function waitingAsks() {
  return (await everything()).filter((row) => row.ask !== undefined);
}

async function everything() {
  const queue = (await database()).transaction("queue").objectStore("queue");
  const rows = await new Promise((resolve, reject) => {
    const asked = queue.getAll();
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const order = (row) => row.order ?? row.content.clock.sequence;
  return rows.sort((one, other) => order(one) - order(other));
}

/** The server has it: it leaves the queue. */
export async function forget(id) {
  await change((queue) => queue.delete(id));
}

/** The row stays with what the server said of it; null lets it be sent again. */
export async function tellProblem(row, problem) {
  await change((queue) => queue.put({ ...row, problem }));
}
