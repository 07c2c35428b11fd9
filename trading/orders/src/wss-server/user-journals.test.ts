import { expect, test } from 'vitest';
import { type JournalLimits, UserJournals } from './user-journals.ts';

let nowMs = 0;

function journals(limits: Partial<JournalLimits> = {}): UserJournals<string> {
  nowMs = 1_000;
  const all = { userMessagesMax: 3, messagesMax: 5, messageAgeMsMax: 100, usersMax: 2 };
  return new UserJournals({ ...all, ...limits }, () => nowMs);
}

function texts(kept: UserJournals<string>, userId: string, sequence: number) {
  const { entries, fromSequence, nextSequence, hasGap } = kept.since(userId, sequence);
  const shown = entries.map((entry) => `${entry.sequence} ${entry.message}`);
  return { shown, fromSequence, nextSequence, hasGap };
}

test('messages are numbered by user, and told again from any number on', () => {
  const kept = journals();
  expect(kept.append('u1', 'a').sequence).toBe(1);
  expect(kept.append('u2', 'b').sequence).toBe(1);
  expect(kept.append('u1', 'c').sequence).toBe(2);
  const replay = texts(kept, 'u1', 2);
  expect(replay).toEqual({ shown: ['2 c'], fromSequence: 2, nextSequence: 3, hasGap: false });
  expect(texts(kept, 'u1', 3)).toMatchObject({ shown: [], hasGap: false });
});

test('what is gone by count or by age is a gap, which says where the rest begins', () => {
  const kept = journals();
  for (const message of ['a', 'b', 'c', 'd']) kept.append('u1', message);
  const replay = texts(kept, 'u1', 1);
  expect(replay).toMatchObject({ shown: ['2 b', '3 c', '4 d'], fromSequence: 2, hasGap: true });
  nowMs += 101;
  expect(texts(kept, 'u1', 2)).toMatchObject({ shown: [], fromSequence: 5, hasGap: true });
  expect(texts(kept, 'u1', 5)).toMatchObject({ shown: [], fromSequence: 5, hasGap: false });
  expect(kept.messages).toBe(0);
});

test('the messages of who was silent longest go first, their numbering stays', () => {
  const kept = journals();
  for (const userId of ['u1', 'u1', 'u1', 'u2', 'u2', 'u2']) kept.append(userId, userId);
  expect(kept.messages).toBe(3);
  expect(texts(kept, 'u1', 1)).toMatchObject({ shown: [], fromSequence: 4, hasGap: true });
});

test('a user who was forgotten begins again at 1, and an old number is a gap', () => {
  const kept = journals();
  for (const userId of ['u1', 'u2', 'u3']) kept.append(userId, userId);
  expect(texts(kept, 'u1', 2)).toMatchObject({ fromSequence: 1, nextSequence: 1, hasGap: true });
  expect(kept.append('u1', 'again').sequence).toBe(1);
  expect(texts(kept, 'u1', 7)).toMatchObject({ shown: ['1 again'], hasGap: true });
});
