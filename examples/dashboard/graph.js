// The last minute of what the device says each second, drawn without any library.
const line = document.querySelector("#graph polyline");
const usage = document.querySelector("#usage");
const values = [];

function show(value) {
  values.push(value);
  if (values.length > 60) values.shift();
  usage.textContent = value.toFixed(1);
  line.setAttribute("points", values.map((each, i) => `${i * 10},${100 - each}`).join(" "));
}

function connect() {
  const socket = new WebSocket(
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`,
  );
  socket.onmessage = ({ data }) => show(Number(data));
  // A device is switched off now and then.
  socket.onclose = () => setTimeout(connect, 1000);
}

connect();
