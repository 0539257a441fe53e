const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Bytes above 0x7e too: servers take them (hyper, nghttp2, Node), and whoever was recorded sent them. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a header can stand in a message of HTTP at all. What can't is left out, and told. */
export function isSendableHeader(name: string, value: string): boolean {
  return NAME.test(name) && VALUE.test(value);
}
