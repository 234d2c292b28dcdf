import { $, flag } from "./dom.js";
import { readPicture } from "./picture.js";

const quiet = 3000; // milliseconds without a key after which somebody has stopped writing

export class Composer {
  constructor({ post, typing }) {
    this.typing = typing;
    this.writing = false;
    const input = $("message-input");
    const send = () => {
      const text = input.value.trim();
      if (!text) return;
      post(text, null);
      input.value = "";
      this.write(false);
      input.focus();
    };
    $("composer").addEventListener("submit", (e) => {
      e.preventDefault();
      send();
    });
    input.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      send();
    });
    input.addEventListener("input", () => this.write(input.value.trim() !== ""));
    $("picture-input").addEventListener("change", async (e) => {
      const [file] = e.target.files;
      if (!file) return;
      $("picture-error").textContent = "";
      try {
        post("", await readPicture(file));
      } catch (error) {
        $("picture-error").textContent = error.message;
      }
      e.target.value = "";
    });
  }

  write(active) {
    clearTimeout(this.timer);
    if (active) this.timer = setTimeout(() => this.write(false), quiet);
    if (active === this.writing) return;
    this.writing = active;
    this.typing(active);
  }
}

// showWriters tells who of the others is writing.
export function showWriters(names) {
  const line = $("typing");
  flag(line, "data-active", names.length > 0 && "true");
  const bold = names.map((n) => `\u2068${n}\u2069`); // isolates: a name may run right to left
  line.textContent =
    names.length === 0 ? "" :
    names.length === 1 ? `${bold[0]} is writing…` :
    names.length === 2 ? `${bold[0]} and ${bold[1]} are writing…` :
    "Several people are writing…";
}
