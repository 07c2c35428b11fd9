/**
 * The standard normal distribution. `erf` and the scaled `erfc` are the rational approximations of
 * W. J. Cody, "Rational Chebyshev Approximations for the Error Function", Mathematics of Computation
 * 23 (1969), rounded to what a double holds. Coefficients from the lowest power to the highest.
 */
const ERF_NUMERATOR = [
  3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315,
];
const ERF_DENOMINATOR = [
  2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1,
];

/** For arguments from 0.46875 to 4. */
const MIDDLE_NUMERATOR = [
  1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001,
  66.11919063714163, 8.883149794388377, 0.5641884969886701, 2.1531153547440383e-8,
];
const MIDDLE_DENOMINATOR = [
  1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
  537.1811018620099, 117.6939508913125, 15.744926110709835, 1,
];

/** For arguments above 4, in 1/x^2. */
const TAIL_NUMERATOR = [
  0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445,
  0.30532663496123236, 0.016315387137302097,
];
const TAIL_DENOMINATOR = [
  0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234673,
  2.568520192289822, 1,
];

const SMALL = 0.46875;
const LARGE = 4;
const SQRT_PI_INVERSE = 1 / Math.sqrt(Math.PI);
const SQRT_TWO_PI_INVERSE = 1 / Math.sqrt(2 * Math.PI);

/**
 * The probability that a standard normal variable is below x. Relative error below 1e-15 wherever
 * the result is a normal double, which is down to x = -37.5; 0 below -38.6.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const y = Math.abs(x) * Math.SQRT1_2;
  if (y <= SMALL) return 0.5 + 0.5 * erf(x * Math.SQRT1_2);
  const tail = 0.5 * gaussian(x) * scaledErfc(y);
  return x < 0 ? tail : 1 - tail;
}

/** The standard normal density at x. */
export function normalDensity(x: number): number {
  return SQRT_TWO_PI_INVERSE * gaussian(x);
}

/**
 * exp(-x^2 / 2). x^2 loses the digits that the exponential needs most, so x is split into a part
 * whose square is exact and a rest.
 */
function gaussian(x: number): number {
  const magnitude = Math.abs(x);
  // Beyond it the result is 0, and Infinity has no rest.
  if (magnitude > 40) return 0;
  const coarse = Math.trunc(magnitude * 16) / 16;
  const rest = (magnitude - coarse) * (magnitude + coarse);
  return Math.exp((-coarse * coarse) / 2) * Math.exp(-rest / 2);
}

function erf(y: number): number {
  const squared = y * y;
  return (y * polynomial(ERF_NUMERATOR, squared)) / polynomial(ERF_DENOMINATOR, squared);
}

/** exp(y^2) erfc(y), for y above 0.46875. */
function scaledErfc(y: number): number {
  if (y <= LARGE) return polynomial(MIDDLE_NUMERATOR, y) / polynomial(MIDDLE_DENOMINATOR, y);
  const inverse = 1 / (y * y);
  const ratio = polynomial(TAIL_NUMERATOR, inverse) / polynomial(TAIL_DENOMINATOR, inverse);
  return (SQRT_PI_INVERSE - inverse * ratio) / y;
}

/** Horner's scheme. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}
