/**
 * The key under which an object of the public API shows its parts to the project's own layers, to tests and to debuggers. What is
 * done to them is not checked. The API does not export it, and its declarations leave the member out.
 */
export const INTERNALS: unique symbol = Symbol('internals');
