// Makes forms handier: command lines can be copied, tables grow, a button waits for the right words. Everything works
// without it.
"use strict";

(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // A command line is copied with one press.
  if (navigator.clipboard) {
    for (const button of all("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        const label = button.textContent;
        await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
        button.textContent = "✓";
        setTimeout(() => { button.textContent = label; }, 1200);
      });
    }
  }

  // A table of rows to fill in has an empty one at its end.
  for (const table of all("table[data-grows]")) {
    const body = table.tBodies[0];
    table.addEventListener("input", () => {
      const last = body.rows[body.rows.length - 1];
      if (!all("input", last).some((input) => input.value)) return;
      const row = last.cloneNode(true);
      for (const input of all("input", row)) {
        input.value = "";
        input.id = input.id.replace(/\d+$/, String(body.rows.length));
      }
      body.append(row);
    });
  }

  // What destroys can be pressed when every host is typed.
  for (const form of all("form[data-confirm]")) {
    const button = form.querySelector("button[type=submit]");
    const fields = all("input[data-expected]", form);
    const look = () => {
      button.disabled = fields.some((field) => field.value.trim() !== field.dataset.expected);
    };
    form.addEventListener("input", look);
    look();
  }

  // The command line that a form amounts to follows what is typed. Passwords stay where they are.
  for (const form of all("form[data-command]")) {
    const place = form.querySelector("[data-lines]");
    form.querySelector("button[formaction]").hidden = true;
    let waiting;
    const ask = async () => {
      const fields = new URLSearchParams(new FormData(form));
      for (const input of all("input[type=password]", form)) fields.set(input.name, input.value && "-");
      const headers = { accept: "application/json" };
      const answer = await fetch(form.dataset.command, { method: "POST", body: fields, headers });
      if (!answer.ok) return;
      const lines = (await answer.json()).Commands;
      place.textContent = lines.join("\n");
      place.closest(".copyable").hidden = lines.length === 0;
    };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 250); });
    form.closest("details")?.addEventListener("toggle", ask);
    if (form.closest("details")?.open) ask();
  }

  // What is being made is looked for again.
  if (document.querySelector("[data-refresh]")) setTimeout(() => location.reload(), 1000);

  // A form is sent once; the server would not take it twice anyway. Coming back by history makes it ready again.
  for (const form of all("form[data-once]")) {
    form.addEventListener("submit", () => {
      setTimeout(() => { for (const button of all("button[type=submit]", form)) button.disabled = true; });
    });
  }
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // A link to a form opens it.
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
