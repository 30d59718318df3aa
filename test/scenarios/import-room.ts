/** An installation with a shelf on which other products have left vms, and short words for taking them over. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';
import { makeShelf, type Shelf } from '../e2e/shelf.ts';

export class ImportRoom implements AsyncDisposable {
  readonly gantry: Gantry;
  readonly shelf: Shelf;

  private constructor(gantry: Gantry, shelf: Shelf) {
    this.gantry = gantry;
    this.shelf = shelf;
  }

  static async open(): Promise<ImportRoom> {
    await using stack = new AsyncDisposableStack();
    const gantry = stack.use(await newGantry());
    await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    const shelf = await makeShelf(gantry);
    stack.move();
    return new ImportRoom(gantry, shelf);
  }

  show(vm: string): Promise<Vm> {
    return this.gantry.json<Vm>('vm', 'show', vm);
  }

  drop(vm: string): Promise<string> {
    return this.gantry.must('vm', 'delete', vm, '--yes');
  }

  /** A path on the shelf. */
  beside(name: string): string {
    return join(this.shelf.path, ...name.split('/'));
  }

  /** What an import says that is refused. */
  async refused(...words: readonly string[]): Promise<string> {
    const { code, err } = await this.gantry.run(['vm', 'import', ...words]);
    assert.notEqual(code, 0, err);
    return err;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gantry[Symbol.asyncDispose]();
    this.shelf[Symbol.dispose]();
  }
}
