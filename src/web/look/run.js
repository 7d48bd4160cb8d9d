// Keeps the page of a run up to date: state, progress and log. It follows the log until one scrolls up, and listens only
// while somebody looks. Everything works without it, by loading the page again.
"use strict";

(() => {
  const run = document.getElementById("run");
  const log = document.getElementById("log");
  const follow = document.getElementById("follow");
  const total = document.querySelector("#log-section h2 small");
  if (!run || !log || !run.dataset.stream || !window.EventSource) return;

  // Lines that stay in the page; those before are a link away.
  const LINES_MAX = 2000;
  // A line is not so high; one that scrolls less has not let go.
  const NEAR = 40;

  let source = null;
  let next = Number(run.dataset.next);
  let isFollowing = true;

  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  const show = () => { follow.hidden = isFollowing; };

  log.addEventListener("scroll", () => { isFollowing = isAtEnd(); show(); });
  follow.addEventListener("click", () => { isFollowing = true; toEnd(); show(); });

  const onHead = (event) => {
    const told = JSON.parse(event.data);
    const path = location.pathname.replace(/[^/]+\/$/, `${told.name}/`);
    if (path !== location.pathname) {
      // It has its number by now.
      close();
      location.replace(path);
      return;
    }
    run.innerHTML = told.html;
    if (run.dataset.state !== told.state) {
      run.dataset.state = told.state;
      document.title = document.title.replace(/^(\u25cf )?/, "\u25cf ");
    }
  };

  const onLines = (event) => {
    const told = JSON.parse(event.data);
    if (told.next <= next) return;
    next = told.next;
    total.textContent = next.toLocaleString(document.documentElement.lang);
    document.getElementById("no-lines")?.remove();
    log.insertAdjacentHTML("beforeend", told.html);
    if (isFollowing) {
      while (log.children.length > LINES_MAX) log.firstElementChild.remove();
      toEnd();
    }
  };

  const close = () => {
    source?.close();
    source = null;
  };

  const open = () => {
    if (source) return;
    source = new EventSource(`${run.dataset.stream}?from=${next}&level=${run.dataset.level}`);
    source.addEventListener("head", onHead);
    source.addEventListener("lines", onLines);
    source.addEventListener("end", () => {
      close();
      // The report and what can be done stand on the page now; what is being typed is not taken away.
      if (!document.activeElement || !document.activeElement.matches("input")) location.reload();
    });
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  toEnd();
  if (!document.hidden) open();
})();
