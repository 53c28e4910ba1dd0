// The browser's Back goes from page to page, and in a series of steps from step to step. Streamlit gives every change of
// the address an entry of its own in the browser's history: a person who wants to leave a page would press Back once for
// each number that was changed on it.
export default function () {
  if (window.nciBack) return;
  window.nciBack = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const now = new URL(location.href), next = url == null ? now : new URL(url, now);
    const step = now.searchParams.get("step"), same = step === null || step === next.searchParams.get("step");
    if (now.pathname === next.pathname && same) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
