import { $, flag } from "./dom.js";

const texts = {
  idle: () => "Not connected",
  connecting: () => "Connecting",
  connected: () => "Connected",
  reconnecting: (s) => (s.attempt ? `Reconnecting, attempt ${s.attempt}` : "Reconnecting"),
  offline: () => "Offline",
};

const transports = { polling: "HTTP long-polling", websocket: "WebSocket" };

// showStatus renders { state, attempt, transport, upgraded, latency }.
export function showStatus(s) {
  const line = $("status");
  const connected = s.state === "connected";
  line.dataset.state = s.state;
  flag(line, "data-transport", connected && s.transport);
  flag(line, "data-upgraded", connected && s.upgraded);
  flag(line, "data-latency", connected && s.latency);
  say($("status-text"), texts[s.state](s));
  say($("status-transport"), connected ? transports[s.transport] + (s.upgraded ? ", upgraded" : "") : "");
  say($("status-latency"), connected && s.latency !== undefined ? `${s.latency} ms` : "");
}

// say leaves a text alone that has not changed, so that it is not announced again.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
