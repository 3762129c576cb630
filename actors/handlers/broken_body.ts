/** A body that the server it comes from has broken off: not the fault of who passes it on. */
export class BrokenBody extends Error {
  constructor(
    message: string,
    /** The server's URL. */
    readonly server: string,
  ) {
    super(message);
  }
}
