import { testNativePart, testPackage } from '../e2e/agent/emulated.ts';

testNativePart('arm64');
testPackage('arm64');
