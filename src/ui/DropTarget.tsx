import { useEffect, useState } from 'react';
import { InputError } from '../core/errors';
import { useLabStore } from './labContext';

/** Takes files dropped anywhere on the page, whole or not at all. */
export function DropTarget() {
  const store = useLabStore();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent) => {
      if (!event.relatedTarget) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!files.length) return;
      const { addFiles, report } = store.getState();
      const other = files.find(({ name }) => !/\.(txt|jsonl)$/i.test(name));
      if (other)
        report(
          'adding files',
          new InputError('dropped files', '.txt or .jsonl files', other.name, 'drop text files only; nothing was added'),
        );
      else void addFiles(files);
    };
    window.addEventListener('dragover', onDragOver);
    window.addEventListener('dragleave', onDragLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onDragOver);
      window.removeEventListener('dragleave', onDragLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [store]);
  return over ? <div className="drop-overlay">Drop .txt or .jsonl files to add them as a data source</div> : null;
}
