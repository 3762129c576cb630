/** Mail that asks a connection or an endpoint to finish what is in flight and then to stop. */
export const SHUTDOWN: unique symbol = Symbol("shutdown");
