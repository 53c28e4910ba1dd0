// A button that turns notifications of the browser on and off, and the notification itself. All text is plain text.
// The newest news {id, title, text} is shown once. Browsers ask for permission on a click alone, and an address that is
// neither local nor https has no notifications: nothing is drawn there.
const CHOICE = "nci-notify", SHOWN = "nci-notified";
const recall = (store, key) => { try { return store.getItem(key); } catch { return null; } };
const keep = (store, key, value) => { try { store.setItem(key, value); } catch { /* private window */ } };
const wanted = () => Notification.permission === "granted" && recall(localStorage, CHOICE) === "on";

function label(button) {
  const on = wanted(), blocked = Notification.permission === "denied";
  button.hidden = false;
  button.disabled = blocked;
  button.setAttribute("aria-pressed", String(on));
  button.textContent = blocked ? "Notifications are blocked" : on ? "Notifications are on" : "Notify me when it is done";
  button.title = blocked ? "Allow them for this address in the browser's settings." :
    on ? "Click to turn them off." : "The browser tells you when labels or a fit have ended and you are elsewhere.";
}

async function turn(button) {
  const on = wanted();
  keep(localStorage, CHOICE, on ? "off" : "on");
  if (!on && Notification.permission === "default") await Notification.requestPermission();
  label(button);
}

function tell(news) {
  if (!news || recall(sessionStorage, SHOWN) === news.id) return;
  keep(sessionStorage, SHOWN, news.id);
  const elsewhere = document.hidden || !document.hasFocus();
  if (!wanted() || !elsewhere) return;
  const shown = new Notification(news.title, { body: news.text, tag: "nci" });
  shown.onclick = () => { window.focus(); shown.close(); };
}

export default function (component) {
  const { data, parentElement } = component;
  if (!("Notification" in window) || !window.isSecureContext) return;
  const button = parentElement.querySelector(".nci-notify");
  button.onclick = () => turn(button);
  label(button);
  tell(data.news);
}
