// A passkey that was refused or cancelled is said in words beside the button, not only in the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.querySelector("[data-passkey-problem]");
  if (!place) return;
  place.hidden = false;
  place.focus();
});
