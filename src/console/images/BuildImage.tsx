/** Building an image from a recipe on a host; the operation shows its steps in the drawer. */
import {
  Button,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { driverRecipes, imageRecipes, type ImageBuild, type ImageRecipe } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { useList } from '../parts/ask.ts';
import { Dialog } from '../parts/Dialog.tsx';

export function BuildImage({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const hosts = useList('host.list', { sort: 'name', limit: 1000, filter: 'status = ready' });
  const [recipe, setRecipe] = useState<ImageRecipe>('starter');
  const [name, setName] = useState('');
  const [host, setHost] = useState('');
  const [drivers, setDrivers] = useState('');
  const takesDrivers = driverRecipes.has(recipe);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(undefined);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const body: ImageBuild = {
      recipe,
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(host === '' ? {} : { host }),
      ...(takesDrivers && drivers.trim() !== '' ? { drivers: drivers.trim() } : {}),
    };
    try {
      const operation = await client.call('image.build', { body });
      const values = { action: words.text('buildImage'), name: body.name ?? recipe };
      live.onEnd(operation, ({ state, fault }) => {
        if (fault !== null) notices.fail(words.text('whatGoesWrong', values), fault);
        else if (state === 'done') notices.tell(words.text('actionTaken', values));
      });
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog isOpen variant="small" onClose={onClose} aria-labelledby="build">
      <ModalHeader labelId="build" title={words.text('buildImage')} />
      <ModalBody>
        <Form id="build-form" onSubmit={(event) => void submit(event)}>
          {failure !== undefined && <FailureAlert error={failure} />}
          <FormGroup label={words.text('recipe')} fieldId="recipe" isRequired>
            <FormSelect
              id="recipe"
              value={recipe}
              onChange={(_event, value) =>
                setRecipe(imageRecipes.find((known) => known === value) ?? 'starter')
              }
            >
              {imageRecipes.map((one) => (
                <FormSelectOption key={one} value={one} label={words.recipe(one)} />
              ))}
            </FormSelect>
          </FormGroup>
          <FormGroup label={words.text('name')} fieldId="image-name">
            <TextInput
              id="image-name"
              autoComplete="off"
              placeholder={recipe}
              value={name}
              onChange={(_event, value) => setName(value)}
            />
          </FormGroup>
          {takesDrivers && (
            <FormGroup label={words.text('windowsDrivers')} fieldId="image-drivers">
              <TextInput
                id="image-drivers"
                autoComplete="off"
                placeholder={words.text('foundByItself')}
                value={drivers}
                onChange={(_event, value) => setDrivers(value)}
              />
            </FormGroup>
          )}
          <FormGroup label={words.text('host')} fieldId="image-host">
            <FormSelect id="image-host" value={host} onChange={(_event, value) => setHost(value)}>
              <FormSelectOption value="" label={words.text('anyHost')} />
              {hosts.data?.items.map((one) => (
                <FormSelectOption key={one.id} value={one.id} label={one.name} />
              ))}
            </FormSelect>
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="build-form" isLoading={busy}>
          {words.text('build')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}
