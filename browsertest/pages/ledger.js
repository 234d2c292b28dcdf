// What a program has lent to the page and not taken back. It must be loaded first.
const ledger = (() => {
  const listeners = new Set();
  const ports = [];
  const sockets = [];
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const find = (target, type, listener) => [...listeners].find((l) => l.target === target && l.type === type && l.listener === listener);

  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const target = this ?? window;
    if (!find(target, type, listener)) {
      const entry = { target, type, listener };
      listeners.add(entry);
      if (options?.once) addEventListener.call(target, type, () => listeners.delete(entry), { once: true });
    }
    addEventListener.call(target, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const target = this ?? window;
    listeners.delete(find(target, type, listener));
    removeEventListener.call(target, type, listener, options);
  };
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  };
  window.MessageChannel = class extends MessageChannel {
    constructor() {
      super();
      ports.push(this.port1, this.port2);
    }
  };

  return {
    // outstanding names what is still lent.
    outstanding: () => [
      ...[...listeners].map((l) => `listener for ${l.type} of ${l.target.constructor.name}`),
      ...ports.filter((p) => p.onmessage).map(() => "handler of a port"),
      ...sockets.filter((s) => s.readyState < WebSocket.CLOSING).map(() => "open socket"),
    ],
  };
})();
