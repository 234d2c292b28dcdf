// Loads and runs the Go program. Go's own wasm_exec.js, of the toolchain that
// built the program, is loaded before this file.
(async () => {
  "use strict";
  const { wasm } = document.currentScript.dataset;
  const progress = document.getElementById("load-progress");

  const fail = (message) => {
    document.body.dataset.phase = "failed";
    document.getElementById("load-error").textContent = message;
  };

  if (document.body.dataset.phase === "failed") return; // the server had no program to offer
  if (typeof WebAssembly !== "object" || !WebAssembly.instantiateStreaming) {
    return fail("This browser cannot run WebAssembly, which this page is made of. The JavaScript page works without it.");
  }

  // The body arrives decompressed, so Content-Length does not tell its size; the page does.
  const size = Number(document.documentElement.dataset.wasmSize);
  const counted = (response) => {
    let got = 0;
    const count = new TransformStream({
      transform(chunk, out) {
        got += chunk.length;
        if (size) progress.value = Math.min(1, got / size);
        out.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(count), { headers: { "Content-Type": "application/wasm" } });
  };

  try {
    const response = await fetch(wasm);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(counted(response), go.importObject);
    await go.run(instance);
    fail("The program has ended. Reload the page to start it again.");
  } catch (error) {
    fail(`The program could not be loaded: ${error.message}. Reload the page to try again.`);
  }
})();
