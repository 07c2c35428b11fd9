import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Styled where standard output is a terminal that wants colours (NO_COLOR is honoured), else plain. */
function styled(style: Style): (text: string) => string {
  return (text) => styleText(style, text, { stream: process.stdout });
}

export const bold = styled('bold');
export const dim = styled('dim');
export const green = styled('green');
export const red = styled('red');
export const yellow = styled('yellow');
