/** An answer in plain text. */
export function plainText(status: number, text: string, headers: HeadersInit = {}): Response {
  const fields = new Headers(headers);
  fields.set("content-type", "text/plain; charset=utf-8");
  return new Response(text, { status, headers: fields });
}
