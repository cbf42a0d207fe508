import { testNativePart, testPackage } from '../e2e/agent/emulated.ts';

testNativePart('armhf');
testPackage('armhf');
