// Copies the address of the page, with parameters `more` besides its own: opened elsewhere, it shows the same.
// Browsers give the clipboard to https and localhost only; elsewhere the old command still copies what is selected.
export default function (component) {
  const { data, parentElement } = component;
  const button = parentElement.querySelector("button"), said = parentElement.querySelector("span");
  button.onclick = async () => {
    const address = new URL(window.location.href);
    for (const [name, value] of Object.entries(data.more)) address.searchParams.set(name, value);
    // What only the browser knows: the part of a plot in sight, the round that the Overview's slider shows.
    for (const name of ["zoom", "frame"]) {
      const shown = [...document.querySelectorAll(`[data-${name}]`)].find((e) => e.offsetParent)?.dataset[name];
      if (shown) address.searchParams.set(name, shown); else address.searchParams.delete(name);
    }
    address.searchParams.set("tour", "off");
    let copied = true;
    try {
      await navigator.clipboard.writeText(address.href);
    } catch {
      const field = document.createElement("textarea");
      field.value = address.href; document.body.append(field); field.select();
      copied = document.execCommand("copy");
      field.remove();
    }
    said.textContent = copied ? "copied" : "could not be copied";
    said.dataset.link = address.href;
    setTimeout(() => { said.textContent = ""; }, 2500);
  };
}
