import { InputError } from '../../core/errors';
import { shaderFaults } from '../../gpu/shader';

/**
 * Takes `NAME:FROM=>TO` and replaces text in that shader whenever it is loaded from now on: proof that a check can fail.
 * @returns what mends it again.
 */
export function breakShader(argument: string): () => void {
  const parts = /^(\w+):(.+)=>(.*)$/s.exec(argument);
  if (!parts)
    throw new InputError('--break-shader', 'NAME:FROM=>TO', argument, 'name a shader, the text to replace and what replaces it');
  const [, name, from, to] = parts;
  shaderFaults.set(name, (source) => {
    if (!source.includes(from))
      throw new InputError('--break-shader', `${name}.wgsl to contain the text`, from, 'copy the text from the shader');
    return source.replace(from, to);
  });
  return () => void shaderFaults.delete(name);
}
