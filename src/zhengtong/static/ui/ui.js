"use strict";
/* Small improvements on pages that already work without them. Reference: docs/reference/design-system.md. Budget: 12 KB gzipped. */
(() => {
  const english = document.documentElement.lang === "en";
  /* Runs again in the same window when a page replaces itself after an upload. */
  const define = (name, element) => customElements.get(name) || customElements.define(name, class extends element {
    connectedCallback() {
      const begin = () => super.connectedCallback();
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin, { once: true });
      else begin();
    }
  });
  const say = (zh, en) => (english ? en : zh);
  const size = (n) => (n < 1048576 ? Math.max(1, Math.round(n / 1024)) + " KB" : (n / 1048576).toFixed(1) + " MB");
  const make = (tag, attributes = {}, ...content) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...content);
    return element;
  };
  const announce = (text) => {
    let live = document.getElementById("announcer");
    if (!live) {
      live = make("div", { id: "announcer", class: "visually-hidden", role: "status" });
      document.body.append(live);
    }
    live.textContent = text;
  };

  define("copy-button", class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector("button");
      const label = button.textContent;
      button.addEventListener("click", async () => {
        const text = this.dataset.text;
        try {
          await navigator.clipboard.writeText(text);
        } catch {
          const area = make("textarea", { class: "visually-hidden" });
          area.value = text;
          this.append(area);
          area.select();
          document.execCommand("copy");
          area.remove();
        }
        button.textContent = say("已复制", "Copied");
        announce(button.textContent);
        setTimeout(() => (button.textContent = label), 2000);
      });
    }
  });

  define("print-button", class extends HTMLElement {
    connectedCallback() {
      this.querySelector("button").addEventListener("click", () => window.print());
    }
  });

  define("read-aloud", class extends HTMLElement {
    connectedCallback() {
      if (!("speechSynthesis" in window)) {
        this.hidden = true;
        return;
      }
      const button = this.querySelector("button");
      const text = button.lastChild;
      const label = text.textContent;
      const stop = () => {
        speechSynthesis.cancel();
        text.textContent = label;
        button.setAttribute("aria-pressed", "false");
      };
      button.addEventListener("click", () => {
        if (speechSynthesis.speaking) return stop();
        const words = document.getElementById(this.dataset.for || "main").innerText;
        /* Long utterances are cut off by some browsers: sentence by sentence. */
        const sentences = words.match(/[^。！？；\n]+[。！？；\n]?/g) || [];
        sentences.forEach((sentence, n) => {
          const utterance = new SpeechSynthesisUtterance(sentence);
          utterance.lang = english ? "en" : "zh-CN";
          utterance.rate = 0.9;
          if (n === sentences.length - 1) utterance.onend = stop;
          speechSynthesis.speak(utterance);
        });
        text.textContent = say("停止朗读", "Stop reading");
        button.setAttribute("aria-pressed", "true");
      });
      addEventListener("pagehide", stop);
    }
  });

  define("char-count", class extends HTMLElement {
    connectedCallback() {
      const field = document.getElementById(this.getAttribute("for"));
      const max = Number(this.getAttribute("max"));
      const words = this.querySelector("p");
      let later = 0;
      const count = () => {
        const left = max - field.value.length;
        words.textContent = say(`还可以输入${left}字`, `${left} characters left`);
        clearTimeout(later);
        later = setTimeout(() => announce(words.textContent), 1200);
      };
      field.addEventListener("input", count);
    }
  });

  define("file-field", class extends HTMLElement {
    connectedCallback() {
      const input = this.querySelector("input");
      const list = make("ul", { class: "file-list", "aria-live": "polite" });
      this.append(list);
      input.addEventListener("change", () => {
        list.replaceChildren(...[...input.files].map((file) => {
          const row = make("li", {}, make("span", {}, `${file.name} · ${size(file.size)}`));
          if (/^image\/(png|jpeg|webp)$/.test(file.type)) {
            const reader = new FileReader();
            reader.onload = () => row.prepend(make("img", { src: reader.result, alt: "" }));
            reader.readAsDataURL(file);
          }
          return row;
        }));
      });
    }
  });

  /* A form with data-progress is sent in the background so that the person sees how far it is; the answer replaces the page. */
  const sendWithProgress = (form, submitter) => {
    const body = new FormData(form, submitter);
    const bar = make("progress", { max: "100", value: "0", "aria-label": say("上传进度", "Upload progress") });
    const words = make("p", { class: "meta", role: "status" }, say("正在上传…", "Uploading…"));
    form.append(bar, words);
    const request = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action") || location.href);
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      bar.value = (event.loaded / event.total) * 100;
      words.textContent = say("正在上传", "Uploading") + ` ${size(event.loaded)} / ${size(event.total)}`;
    };
    request.onload = () => {
      /* The answer is here already, with the messages meant for it: show it under its own address instead of asking again. */
      const address = request.responseURL;
      if (request.status < 400 && address && address.split("#")[0] !== location.href.split("#")[0]) {
        history.replaceState({ reload: true }, "");
        history.pushState({ reload: true }, "", address);
      }
      document.open();
      document.write(request.responseText);
      document.close();
      scrollTo(0, 0);
    };
    request.onerror = () => {
      bar.remove();
      words.textContent = say("上传中断，已填写的内容还在。请检查网络后再试一次。", "The upload was cut off. Nothing you filled in is lost; check the network and try again.");
      words.className = "error-message";
      form.removeAttribute("aria-busy");
    };
    request.send(body);
  };

  addEventListener("popstate", (event) => event.state?.reload && location.reload());

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.hasAttribute("aria-busy")) {
      event.preventDefault();
      return;
    }
    const sends = form.hasAttribute("data-progress") && [...form.querySelectorAll("input[type=file]")].some((f) => f.files.length);
    if (sends) {
      event.preventDefault();
      form.setAttribute("aria-busy", "true");
      sendWithProgress(form, event.submitter);
    } else if (form.hasAttribute("data-once") || form.hasAttribute("data-progress")) {
      form.setAttribute("aria-busy", "true");
    }
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach((f) => f.removeAttribute("aria-busy")));

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  /* Keys: only outside of text fields and without modifiers, so that nothing a screen reader or browser uses is taken. */
  const typing = (element) => element.closest("input:not([type=radio],[type=checkbox]), textarea, select, [contenteditable]");
  const shown = (element) => element.offsetParent !== null && !element.disabled;
  const act = (element) => (element.matches("input, select, textarea") ? element.focus() : element.click());
  const help = () => {
    const dialog = make("dialog", { class: "key-help", "aria-label": say("快捷键", "Keyboard shortcuts") });
    const rows = [...document.querySelectorAll("[data-key]")].filter(shown).map((element) => {
      const label = element.dataset.keyLabel || element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent;
      return make("p", {}, make("kbd", {}, element.dataset.key.toUpperCase()), " " + label.replace(/\(.\)\s*$/, "").trim().replace(/\s+/g, " "));
    });
    const close = make("button", { class: "button", type: "button" }, say("关闭", "Close"));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(make("h2", {}, say("快捷键", "Keyboard shortcuts")), ...rows, close);
    document.body.append(dialog);
    dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") return help();
    const found = [...document.querySelectorAll("[data-key]")].find((e) => e.dataset.key.toLowerCase() === event.key.toLowerCase() && shown(e));
    if (!found) return;
    event.preventDefault();
    act(found);
  });

  const start = () => {
    const summary = document.querySelector("[data-autofocus]");
    if (summary) summary.focus();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
