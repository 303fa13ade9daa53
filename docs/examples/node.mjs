// One event of each kind, from Node: npm install redis
import { appendFileSync } from "node:fs";
import { createClient } from "redis";

const now = Date.now();
const time = (at) => new Date(at).toISOString();
const EVENTS = {
  "connector-status": {
    operatorId: "395815801",
    connectorId: "C-007",
    status: 1,
    updateTime: time(now),
  },
  "charge-record": {
    orderNo: `JS-${now}`,
    operatorId: "395815801",
    stationId: "S-001",
    connectorId: "C-007",
    startTime: time(now - 45 * 60_000),
    endTime: time(now),
    power: "12.30", // kWh
    totalMoney: "15.00", // yuan
  },
  "safety-warning": {
    warningId: `JS-${now}`,
    riskLevel: "high",
    occurredAt: time(now),
    connectorId: "C-007",
    riskReason: "smoke",
  },
};

const broker = createClient({
  url: process.env.RELAY_BROKER_URL,
  disableOfflineQueue: true, // while the broker is away a push fails at once, it does not wait unseen
  commandOptions: { timeout: 5000 },
  socket: {
    connectTimeout: 3000,
    reconnectStrategy: (tries) => (tries < 3 ? 100 * 2 ** tries : new Error("the broker is away")),
  },
});
broker.on("error", (fault) => console.error(`broker: ${fault.message || fault.code}`));

// Push an event; what the broker does not take is kept in unsent.jsonl.
async function publish(kind, event) {
  try {
    if (!broker.isOpen) await broker.connect();
    const length = await broker.lPush(kind, JSON.stringify(event));
    if (length >= 1) return true;
    throw new Error(`LPUSH answered ${length}`);
  } catch (fault) {
    // Away, full, or the login is wrong. After a lost answer it may be there already: pushed again
    // it is a duplicate, and told once.
    appendFileSync("unsent.jsonl", JSON.stringify({ kind, ...event }) + "\n");
    console.error(`${kind} is kept in unsent.jsonl: ${fault.message || fault.code}`);
    return false;
  }
}

const published = [];
for (const [kind, event] of Object.entries(EVENTS)) published.push(await publish(kind, event));
if (broker.isOpen) broker.destroy();
if (!published.every(Boolean)) {
  console.error("not all was published; later: chargerelay publish unsent.jsonl");
  process.exitCode = 1;
}
