/* Checks a receipt in the browser, without network: RFC 6962 inclusion (SHA-256) and the P-256 signature of the
   checkpoint, by WebCrypto. The key it trusts and every word it says stand in the page. */
(() => {
  "use strict";
  const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
  const MAC = 16;
  const ascii = new TextEncoder();
  class Misfit extends Error {}
  const must = (condition, why) => { if (!condition) throw new Misfit(why); };

  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    return all;
  };
  const same = (a, b) => a.length === b.length && a.every((byte, n) => byte === b[n]);
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const unbase64 = (text) => {
    must(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text), "unreadable");
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  };
  const unbase45 = (text) => {
    const out = [];
    for (let n = 0; n < text.length; n += 3) {
      const places = [...text.slice(n, n + 3)].map((c) => BASE45.indexOf(c));
      const width = places.length - 1;
      const value = places.reduce((sum, place, power) => sum + place * 45 ** power, 0);
      must(width > 0 && !places.includes(-1) && value < 256 ** width, "unreadable");
      for (let byte = width - 1; byte >= 0; byte -= 1) out.push(Math.floor(value / 256 ** byte) % 256);
    }
    return Uint8Array.from(out);
  };
  const hash = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  const leafHash = (data) => hash(Uint8Array.of(0), data);
  const nodeHash = (left, right) => hash(Uint8Array.of(1), left, right);

  async function rootOf(leaf, index, size, proof) {
    must(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size, "place");
    let fn = index, sn = size - 1, found = leaf;
    const half = (n) => Math.floor(n / 2);
    for (const sibling of proof) {
      must(sn > 0 && sibling.length === 32, "place");
      if (fn % 2 === 1 || fn === sn) {
        found = await nodeHash(sibling, found);
        while (fn % 2 === 0 && fn > 0) { fn = half(fn); sn = half(sn); }
      } else {
        found = await nodeHash(found, sibling);
      }
      fn = half(fn); sn = half(sn);
    }
    must(sn === 0, "place");
    return found;
  }

  /* DER SEQUENCE { r, s } to the 64 bytes WebCrypto wants. */
  function rawSignature(der) {
    must(der[0] === 0x30 && der[1] === der.length - 2, "signature");
    const out = new Uint8Array(64);
    let at = 2;
    for (let part = 0; part < 2; part += 1) {
      must(der[at] === 2 && at + 2 + der[at + 1] <= der.length, "signature");
      let value = der.subarray(at + 2, at + 2 + der[at + 1]);
      at += 2 + der[at + 1];
      while (value.length > 1 && value[0] === 0) value = value.subarray(1);
      must(value.length <= 32, "signature");
      out.set(value, 32 * part + 32 - value.length);
    }
    must(at === der.length, "signature");
    return out;
  }

  function parsed(text, trusted) {
    const given = text.replace(/\r\n/g, "\n").replace(/^\s+|\s+$/g, "");
    return given.startsWith("ZT1:") ? packed(unbase45(given.slice(4))) : written(`${given}\n`, trusted);
  }

  function packed(data) {
    must(data.length > 14 && data[0] === 1, "unreadable");
    const number = (from) => data.slice(from, from + 6).reduce((sum, byte) => sum * 256 + byte, 0);
    const count = data[13], rest = data.slice(14 + 32 * count);
    must(count <= 64 && rest.length >= 96 + MAC, "unreadable");
    const proof = Array.from({ length: count }, (_, n) => data.slice(14 + 32 * n, 46 + 32 * n));
    return { leaf: rest.slice(96), index: number(1), size: number(7), proof, sm3: rest.slice(0, 32), raw: rest.slice(32, 96) };
  }

  function written(text, trusted) {
    const cut = text.indexOf("\n\n");
    const lines = text.slice(0, cut).split("\n"), note = text.slice(cut + 2);
    must(cut > 0 && lines[0] === "c2sp.org/tlog-proof@v1" && lines.length <= 67, "unreadable");
    must(/^extra \S+$/.test(lines[1] || "") && /^index (0|[1-9]\d*)$/.test(lines[2] || ""), "unreadable");
    const end = note.lastIndexOf("\n\n"), body = note.slice(0, end + 1), said = body.split("\n");
    must(end > 0 && said[0] === trusted.origin, "stranger");
    must(/^(0|[1-9]\d*)$/.test(said[1]), "unreadable");
    const mine = note.slice(end + 2).split("\n").map((line) => line.split(" ")).filter((part) =>
      part[0] === "—" && part[1] === trusted.origin && part.length === 3).map((part) => unbase64(part[2])).filter((raw) =>
      [...raw.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("") === trusted.id);
    must(mine.length === 1, "stranger");
    return { leaf: unbase64(lines[1].slice(6)), index: Number(lines[2].slice(6)), size: Number(said[1]),
      proof: lines.slice(3).map(unbase64), root: unbase64(said[2]), body, raw: rawSignature(mine[0].slice(4)) };
  }

  /* By whichever of the log's keys signed it: the one of today or an older one. */
  async function check(text, keys) {
    let reason = new Misfit("stranger");
    for (const key of keys) {
      try { return await checkWith(text, key); } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        if (error.message !== "stranger") reason = error;
      }
    }
    throw reason;
  }

  async function checkWith(text, trusted) {
    const given = parsed(text, trusted);
    must(given.leaf.length > MAC, "unreadable");
    const root = await rootOf(await leafHash(given.leaf), given.index, given.size, given.proof);
    must(!given.root || same(given.root, root), "content");
    const body = given.body || `${trusted.origin}\n${given.size}\n${base64(root)}\nsm3 ${base64(given.sm3)}\n`;
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("spki", unbase64(trusted.spki), curve, false, ["verify"]);
    const fits = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, given.raw, ascii.encode(body));
    must(fits, given.body ? "signature" : "content");
    const entry = JSON.parse(new TextDecoder("ascii").decode(given.leaf.slice(0, -MAC)));
    return { entry, size: given.size, origin: trusted.origin };
  }

  const page = globalThis.document?.getElementById("receipt-check");
  if (!page) { globalThis.receiptCheck = check; return; }
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const trusted = read("receipt-trusted"), actions = read("receipt-actions"), say = page.dataset;
  const text = document.getElementById("receipt-text"), result = document.getElementById("receipt-result");
  const file = document.getElementById("receipt-file");

  function show(tone, title, rows) {
    result.className = `notification notification--${tone}`;
    result.replaceChildren(Object.assign(document.createElement("p"), { textContent: title, className: "notification__title" }));
    if (rows.length) {
      const list = document.createElement("dl");
      list.className = "summary";
      for (const [name, value] of rows) {
        const row = Object.assign(document.createElement("div"), { className: "summary__row" });
        row.append(Object.assign(document.createElement("dt"), { textContent: name }),
          Object.assign(document.createElement("dd"), { textContent: value }));
        list.append(row);
      }
      result.append(list);
    }
    result.hidden = false;
    result.focus();
  }

  async function run() {
    if (!globalThis.crypto || !crypto.subtle) { show("overdue", say.insecure, []); return; }
    try {
      const { entry, size, origin } = await check(text.value, trusted);
      const when = new Date(Math.floor(entry[3] / 1000));
      const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "medium", timeZone: "Asia/Shanghai" });
      show("ok", say.genuine, [[say.what, actions[entry[4]] || entry[4]], [say.about, entry[7]], [say.when, clock.format(when)],
        [say.position, `${entry[1]} / ${size}`], [say.log, origin]]);
    } catch (error) {
      show("overdue", say[error instanceof Misfit ? error.message : "unreadable"] || say.unreadable, []);
    }
  }

  async function fromFile() {
    const chosen = file.files[0];
    if (!chosen) return;
    try {
      if (!chosen.type.startsWith("image/")) {
        text.value = await chosen.text();
      } else if ("BarcodeDetector" in globalThis) {
        const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(chosen));
        must(found.length, "unreadable");
        text.value = found[0].rawValue;
      } else {
        show("soon", say.nodetector, []);
        return;
      }
      await run();
    } catch { show("overdue", say.unreadable, []); }
  }

  document.getElementById("receipt-form").addEventListener("submit", (event) => { event.preventDefault(); run(); });
  file.addEventListener("change", fromFile);
})();
