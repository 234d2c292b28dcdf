// Measures the clients in turn, and posts what it found to /report: for each measure
// the samples of each client, one of each round, and then that it is done.
import { clients } from "./clients.js";

const post = (report) => fetch("/report", { method: "POST", body: JSON.stringify(report) });
const fail = (error) => post({ error: String(error?.stack || error) });
addEventListener("error", ({ message }) => fail(message));
addEventListener("unhandledrejection", ({ reason }) => fail(reason));

const { server, rounds, starts, events } = await (await fetch("/plan.json")).json();
const names = Object.keys(clients);

// alternate runs measure(name) for each client in each round, beginning with another one each
// time, after a round that does not count. It returns the samples by client.
async function alternate(rounds, measure) {
	const samples = Object.fromEntries(names.map((name) => [name, []]));
	for (let round = 0; round <= rounds; round++) {
		for (let i = 0; i < names.length; i++) {
			const name = names[(round + i) % names.length];
			const sample = await measure(name);
			if (round > 0) samples[name].push(sample);
		}
	}
	return samples;
}

// start starts a client in a frame of its own, where nothing of an earlier one is left.
async function start(name, number) {
	const frame = document.createElement("iframe");
	frame.src = `/start.html?${new URLSearchParams({ client: name, server, number })}`;
	const times = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));
	document.body.append(frame);
	const sample = await times;
	frame.remove();
	return sample;
}

// postStep posts one of the times that starts took.
async function postStep(started, step, measure) {
	const samples = {};
	for (const name of names) {
		samples[name] = started[name].map((sample) => sample[step]).filter(Number.isFinite);
	}
	await post({ measure, samples });
}

let numbers = 0;
const first = await alternate(starts, (name) => start(name, ++numbers));
await postStep(first, "compile", "compiled, ms");
await postStep(first, "main", "first start: go.run to main, ms");
await postStep(first, "connect", "first start: go.run or io() to connected, ms");
const again = await alternate(starts, (name) => start(name, 0));
await postStep(again, "main", "started again: go.run to main, ms");
await postStep(again, "connect", "started again: go.run or io() to connected, ms");

const echo = {};
for (const name of names) {
	const client = clients[name];
	await client.load(0);
	await client.compile();
	echo[name] = await client.connect(server);
}
for (const inFlight of [64, 1]) {
	for (const binary of [false, true]) {
		const count = inFlight > 1 ? events : events / 10;
		const samples = await alternate(rounds, async (name) => {
			const begin = performance.now();
			await echo[name](binary, inFlight, count);
			return (1000 * count) / (performance.now() - begin);
		});
		await post({ measure: `echo 50 B ${binary ? "binary" : "text"}, ${inFlight} in flight, events/s`, samples });
	}
}
await post({ done: true });
