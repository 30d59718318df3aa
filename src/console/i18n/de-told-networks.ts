/** Deutsch: was Netzwerken fehlt und was hülfe, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

const carried: Phrases = {
  'there is no network {network}': 'es gibt kein Netzwerk {network}',
  'plug the adapter into another network, or mark it optional':
    'den Adapter an ein anderes Netzwerk stecken, oder als verzichtbar kennzeichnen',
  'network {name} cannot be used on this host: {why}':
    'das Netzwerk {name} geht auf diesem Host nicht: {why}',
  'mend that, plug the adapter into another network, or mark it optional':
    'das beheben, den Adapter an ein anderes Netzwerk stecken, oder als verzichtbar kennzeichnen',
  '{what} at {adapter} answers DHCP requests as {address}':
    '{what} an {adapter} beantwortet DHCP-Anfragen als {address}',
  'frames with the MAC address of {what} come in from outside, at {adapter}':
    'Rahmen mit der MAC-Adresse von {what} kommen von außen herein, an {adapter}',
  'turn its DHCP server off': 'seinen DHCP-Server abschalten',
  'the address {address} is used by {what}': 'die Adresse {address} wird mehrfach benutzt: {what}',
  'give one of them another address': 'einem davon eine andere Adresse geben',
  'limits cannot be set: {why}': 'die Bandbreiten lassen sich nicht begrenzen: {why}',
  'its rules cannot be set: {why}': 'seine Regeln lassen sich nicht setzen: {why}',
  'the adapter {adapter} has no link': 'am Adapter {adapter} ist kein Kabel',
  'look at its cable': 'nach seinem Kabel sehen',
  'the host has no adapter {adapter}': 'der Host hat keinen Adapter {adapter}',
  'plug it in, or name another adapter': 'ihn einstecken, oder einen anderen Adapter nennen',
  'the adapter {adapter} is reserved for the host':
    'der Adapter {adapter} ist dem Host vorbehalten',
  'let host and networks share it: gantry host set-adapter; or take another adapter':
    'ihn Host und Netzwerke teilen lassen, unter Adapter des Hosts; oder einen anderen Adapter nehmen',
  'the adapter {adapter} has the address {addresses} of the host':
    'der Adapter {adapter} hat die Adresse {addresses} des Hosts',
  'the adapter {adapter} belongs to {master}': 'der Adapter {adapter} gehört zu {master}',
  'name {master} instead': 'stattdessen {master} nennen',
  '{subnet} is where the host has {clash} on {name}':
    '{subnet} liegt da, wo der Host {clash} an {name} hat',
  'give the network another subnet': 'dem Netzwerk ein anderes Subnetz geben',
  'its service does not run: {why}': 'sein Dienst läuft nicht: {why}',
  'this host has no address for tunnels to other hosts, so its vms reach no other host':
    'dieser Host hat keine Adresse für Tunnel zu anderen, seine VMs erreichen also keinen anderen Host',
  '{address}, the address of this host for tunnels, is on none of its adapters':
    '{address}, die Adresse dieses Hosts für Tunnel, ist an keinem seiner Adapter',
  '{name} carries packets of {mtu} bytes, the network needs {needed}':
    '{name} trägt Pakete von {mtu} Bytes, das Netzwerk braucht {needed}',
  'raise the MTU of the adapter and its switches':
    'die MTU des Adapters und seiner Switches erhöhen',
  'host {name} has no address for tunnels': 'der Host {name} hat keine Adresse für Tunnel',
  'nothing comes from host {name} ({address}) over UDP port {port}':
    'vom Host {name} ({address}) kommt nichts über den UDP-Port {port}',
  'look whether it runs, and at firewalls between the two hosts':
    'nachsehen, ob er läuft, und nach Firewalls zwischen den beiden Hosts',
  'its tunnel fails: {why}': 'sein Tunnel scheitert: {why}',
  '{name} of the host has the VLAN {vlan} of {adapter}':
    '{name} des Hosts hat das VLAN {vlan} von {adapter}',
  'name {name} as the adapter, without a VLAN': '{name} als Adapter nennen, ohne VLAN',
  '{why}, so network adapter {slot}, which is optional, is unplugged':
    '{why}; darum ist der Netzwerkadapter {slot}, der verzichtbar ist, nicht verbunden',
};

const planned: Phrases = {
  'the physical network may have a DHCP server of its own, which answers vms as well, or devices that have addresses of the range':
    'das physische Netz kann einen eigenen DHCP-Server haben, der auch VMs antwortet, oder Geräte mit Adressen aus dem Bereich',
  'give it another one: gantry vm set-adapter {name} {slot} --mac new': 'ihm eine andere geben',
  'repeat it with accept=physical-dhcp': 'es bestätigen',
  'network adapter {slot} of {name} has the MAC address {mac}, which {other} runs with':
    'der Netzwerkadapter {slot} von {name} hat die MAC-Adresse {mac}, mit der {other} läuft',
  'no host has an adapter {adapter}; hosts have {adapters}':
    'kein Host hat einen Adapter {adapter}; die Hosts haben {adapters}',
  'name one of those, or plug it in: until then no vm can be on the network':
    'einen davon nennen, oder ihn einstecken: bis dahin kann keine VM an dem Netzwerk sein',
  'the vm is tagged {environment}, and its adapter {slot} is on network {network}, which is tagged {other}':
    'die VM ist als {environment} gekennzeichnet, und ihr Adapter {slot} ist am Netzwerk {network}, das als {other} gekennzeichnet ist',
  'plug it into another network, or change the tags':
    'ihn an ein anderes Netzwerk stecken, oder die Kennzeichen ändern',
  'plug them into another network, or change the tags':
    'sie an ein anderes Netzwerk stecken, oder die Kennzeichen ändern',
  '{name} is of the type {type}: switches beyond its host do not see the addresses of its vms':
    '{name} ist vom Typ {type}: Switches jenseits seines Hosts sehen die Adressen seiner VMs nicht',
  'plug the vms into a bridged network': 'die VMs an ein überbrücktes Netzwerk stecken',
  'vms of {name} may send under other addresses than their own':
    'VMs von {name} dürfen unter anderen Adressen als den eigenen senden',
  '{name} has {count} adapters on bridged networks, so it is known by {addresses} addresses':
    '{name} hat {count} Adapter an überbrückten Netzwerken und ist also unter {addresses} Adressen bekannt',
  'adapter {slot} of {name} has the address {mac}, which was given to it and is not static':
    'der Adapter {slot} von {name} hat die Adresse {mac}, die ihm gegeben wurde und nicht fest ist',
  'adapter {slot} of {name} has the address {mac}, which another adapter has too':
    'der Adapter {slot} von {name} hat die Adresse {mac}, die noch ein Adapter hat',
  'host {host} balances the load of {adapters} at {adapter} in its own network stack, which does not reach vms: their frames leave the bridge below it':
    'der Host {host} verteilt die Last von {adapters} an {adapter} in seinem eigenen Netzwerkstapel, der VMs nicht erreicht: ihre Rahmen verlassen die Brücke darunter',
  'balance the load of vms outside of the host, or in a vm':
    'die Last von VMs außerhalb des Hosts verteilen, oder in einer VM',
  'the guest goes on with the addresses that it had; it has its own after it was turned off':
    'der Gast behält die Adressen, die er hatte; eigene hat er, nachdem er ausgeschaltet war',
};

export const germanOfNetworks: Phrases = { ...carried, ...planned };
