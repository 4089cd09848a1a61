// Passkeys: sign in with one, prove who one is, make one. A form says what it wants by data-passkey
// ("get" or "create") and data-challenge, where what is to be signed comes from. The answer goes back
// as the form's field "credential".
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.codePointAt(0));
const text = (buffer) =>
  btoa(String.fromCodePoint(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const described = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  return {
    clientDataJSON: text(made.response.clientDataJSON),
    attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
    made,
  };
}

async function get(options) {
  const made = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
  });
  const { response } = made;
  return {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : undefined,
    made,
  };
}

async function credential(form) {
  const asked = await fetch(form.dataset.challenge, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
  });
  if (!asked.ok) throw new Error(`challenge: ${asked.status}`);
  const options = await asked.json();
  const { made, ...response } = await (form.dataset.passkey === "create" ? create : get)(options);
  return JSON.stringify({
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    authenticatorAttachment: made.authenticatorAttachment ?? undefined,
    clientExtensionResults: {},
    response,
  });
}

async function send(form) {
  const told = form.querySelector("[role=status]");
  form.setAttribute("aria-busy", "true");
  told.textContent = "";
  try {
    form.elements.credential.value = await credential(form);
    form.submit();
  } catch {
    told.textContent = form.dataset.failed; // given up, or no passkey at hand
    form.removeAttribute("aria-busy");
  }
}

if (globalThis.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
}
