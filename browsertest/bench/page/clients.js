// The clients that are compared, with the same steps: load fetches what the client is
// made of, compile makes it ready to run, and connect resolves, once it is connected to the
// server, with its echo(binary, inFlight, count), which resolves when count events have been sent
// and have come back.
//
// With a number that no other has, a client is compiled as if for the first time, because an
// engine keeps what it has compiled. Without one it is what ran in this page before.

// The payloads are those of client/main.go.
const text = "x".repeat(50);
const data = new Uint8Array(50);

// The page around a frame keeps the module, which holds the machine code of the
// functions that have run.
const modules = (parent.modules ??= {});

const go = {
	async load(number) {
		this.go = new Go();
		this.module = number ? undefined : modules.go;
		if (this.module) return;
		const program = await (await fetch("/client.wasm")).arrayBuffer();
		// A custom section: its type, its size, the size of its name, its name and the number.
		const section = new Uint8Array([0, 6, 1, 110, ...new Uint8Array(new Uint32Array([number]).buffer)]);
		this.program = await new Blob([program, section]).arrayBuffer();
	},
	async compile() {
		this.module ??= modules.go = await WebAssembly.compile(this.program);
		this.instance = await WebAssembly.instantiate(this.module, this.go.importObject);
	},
	connect(url) {
		return new Promise((resolve, reject) => {
			globalThis.began = () => (this.began = performance.now());
			globalThis.connected = (echo) =>
				resolve((binary, inFlight, count) => new Promise((done) => echo(binary, inFlight, count, done)));
			this.go.argv = ["client", url];
			this.go.run(this.instance).then(() => reject(new Error("the Go program has ended")));
		});
	},
};

const official = {
	async load(number) {
		this.program = await (await fetch("/socket.io.min.js")).text();
		if (number) this.program += `\n//${number}`;
	},
	async compile() {
		const script = document.createElement("script");
		script.textContent = this.program;
		document.head.append(script);
	},
	connect(url) {
		const socket = io(url, { transports: ["websocket"] });
		const echo = (binary, inFlight, count) => {
			const [name, payload] = binary ? ["blob", data] : ["echo", text];
			return loop(inFlight, count, (arrived) => socket.off(name).on(name, arrived), () => socket.emit(name, payload));
		};
		return new Promise((resolve, reject) => {
			socket.on("connect", () => resolve(echo));
			socket.on("connect_error", reject);
		});
	},
};

// What a page can do with the server's packets at all: it does not look into them.
const plain = {
	load() {},
	compile() {},
	connect(url) {
		const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
		socket.binaryType = "arraybuffer";
		const event = `42["echo","${text}"]`;
		const withAttachment = `451-["blob",{"_placeholder":true,"num":0}]`;
		const echo = (binary, inFlight, count) => {
			const listen = (arrived) => {
				socket.onmessage = ({ data }) => {
					if (data === "2") socket.send("3");
					else if (!binary || typeof data !== "string") arrived();
				};
			};
			const send = () => {
				if (!binary) return socket.send(event);
				socket.send(withAttachment);
				socket.send(data);
			};
			return loop(inFlight, count, listen, send);
		};
		return new Promise((resolve, reject) => {
			socket.onerror = reject;
			socket.onmessage = ({ data }) => {
				if (data.startsWith("0")) socket.send("40");
				else resolve(echo);
			};
		});
	},
};

// loop lets the next event go for each that has come back.
function loop(inFlight, count, listen, send) {
	return new Promise((done) => {
		let sent = inFlight;
		let received = 0;
		listen(() => {
			if (++received === count) done();
			else if (sent < count) {
				sent++;
				send();
			}
		});
		for (let i = 0; i < inFlight; i++) send();
	});
}

export const clients = { go, official, plain };
