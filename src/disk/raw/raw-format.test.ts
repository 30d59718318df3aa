import { runSuite } from '../testing/suite.ts';
import { rawFormat } from './raw-format.ts';

runSuite({ title: 'raw', format: rawFormat, options: { sizeBytes: 3 * 1024 * 1024 + 512 } });
