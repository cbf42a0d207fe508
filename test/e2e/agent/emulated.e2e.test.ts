/** One architecture of those that scripts/check-arm tries, without the package. */
import { testNativePart } from './emulated.ts';

testNativePart('armhf');
