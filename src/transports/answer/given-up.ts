/**
 * How far an operation had come that we gave up on: without it, a server that says nothing, one that stops in the
 * middle and one that nobody could connect to all look like the same timeout.
 */
export const GIVEN_UP = {
  connecting: 'it was never sent: no connection was open yet',
  waiting: 'it was never sent: every connection was taken',
  unsent: 'it was never sent',
  unread: 'the server had not read the whole request',
  unanswered: 'nothing of an answer had come',
  inHead: 'only a part of the head of an answer had come',
  inAnswer: 'only a part of the answer had come',
} as const;
