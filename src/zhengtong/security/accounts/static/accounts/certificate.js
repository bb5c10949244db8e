// Signs the challenge with a P-256 key the person chooses; the key is read here and never sent.
const place = document.querySelector("[data-sign]");
const problem = document.querySelector("[data-sign-problem]");

const derOf = (pem) => Uint8Array.from(atob(pem.replace(/-----[^-]+-----/g, "").replace(/\s+/g, "")), (c) => c.charCodeAt(0));

// WebCrypto gives r and s side by side; the county wants DER: a sequence of two integers.
const integer = (bytes) => {
  let value = Array.from(bytes);
  while (value.length > 1 && value[0] === 0 && value[1] < 128) value = value.slice(1);
  if (value[0] > 127) value = [0, ...value];
  return [2, value.length, ...value];
};
const sequence = (raw) => {
  const body = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))];
  return String.fromCharCode(48, body.length, ...body);
};

async function sign() {
  problem.hidden = true;
  try {
    const certificate = await document.querySelector("#certificate_file").files[0].text();
    const pem = await document.querySelector("#key_file").files[0].text();
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("pkcs8", derOf(pem), curve, false, ["sign"]);
    const text = new TextEncoder().encode(document.querySelector("#challenge").textContent);
    const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, text));
    document.querySelector("[name=certificate]").value = certificate;
    document.querySelector("[name=signature]").value = btoa(sequence(raw));
    document.querySelector("[name=password]").focus();
  } catch {
    problem.hidden = false;
    problem.focus();
  }
}

if (window.crypto && crypto.subtle) {
  place.hidden = false;
  document.querySelector("[data-sign-now]").addEventListener("click", sign);
}
