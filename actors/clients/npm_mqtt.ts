// @ts-types="./npm_mqtt.d.ts"
export { MqttClient } from "mqtt";
