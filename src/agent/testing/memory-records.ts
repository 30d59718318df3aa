/** Records of machines in memory: on a held clock no file may take real time. */
import type { Records } from '../machine/record-store.ts';
import type { MachineFile } from '../machine/record.ts';

export class MemoryRecords implements Records {
  readonly files = new Map<string, MachineFile>();
  /** What a write of a record waits for: its disk. */
  beforeSave = async (_file: MachineFile): Promise<void> => undefined;

  async load(): Promise<{ files: MachineFile[]; damaged: string[] }> {
    return { files: [...this.files.values()], damaged: [] };
  }

  async save(file: MachineFile): Promise<void> {
    await this.beforeSave(file);
    this.files.set(file.definition.id, file);
  }

  async remove(id: string): Promise<void> {
    this.files.delete(id);
  }

  async settle(): Promise<void> {}
}
