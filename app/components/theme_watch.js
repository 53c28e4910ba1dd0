// Runs the page again when the browser's theme changes: figures are drawn on the server, in the theme's colours. Streamlit
// itself changes its own colours only, and a figure would stay white on a dark page until the next click.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const ground = parentElement.querySelector(".nci-theme");
  const look = () => {
    const [red, green, blue] = getComputedStyle(ground).backgroundColor.match(/[\d.]+/g).map(Number);
    const dark = red + green + blue < 384;
    // Asked once for each theme: should the server not follow, nothing goes round in circles.
    if (dark !== data.dark && ground.dataset.asked !== String(dark)) {
      ground.dataset.asked = String(dark);
      setTriggerValue("changed", dark ? "dark" : "light");
    } else if (dark === data.dark) delete ground.dataset.asked;
  };
  ground.ontransitionend = look;
  look();
}
