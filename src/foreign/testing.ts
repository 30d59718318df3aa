/** Configurations as the products write them, made from parts: shape and names are theirs, contents are ours. */

export const vmxText = `.encoding = "windows-1252"
config.version = "8"
virtualHW.version = "16"
pciBridge0.present = "TRUE"
displayName = "web |22one|22"
annotation = "first line|0Asecond line"
guestOS = "debian11-64"
memsize = "768"
numvcpus = "4"
cpuid.coresPerSocket = "2"
firmware = "efi"
uefi.secureBoot.enabled = "TRUE"
uuid.bios = "56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e"
uuid.location = "56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "web.vmdk"
scsi0:1.present = "TRUE"
scsi0:1.fileName = "data.vmdk"
scsi0:1.mode = "independent-nonpersistent"
scsi0:2.present = "FALSE"
scsi0:2.fileName = "gone.vmdk"
scsi0:3.present = "TRUE"
scsi0:3.deviceType = "scsi-passthru"
scsi0:3.fileName = "/dev/sg1"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-image"
ide1:0.fileName = "C:\\isos\\tools.iso"
ide1:1.present = "TRUE"
ide1:1.deviceType = "atapi-cdrom"
ide1:1.fileName = "auto detect"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "generated"
ethernet0.generatedAddress = "00:0C:29:AA:BB:CC"
ethernet1.present = "TRUE"
ethernet1.virtualDev = "e1000"
ethernet1.connectionType = "nat"
ethernet1.addressType = "static"
ethernet1.address = "00:50:56:00:00:07"
ethernet1.startConnected = "FALSE"
floppy0.present = "FALSE"
serial0.present = "TRUE"
serial0.fileType = "pipe"
serial0.fileName = "\\\\.\\pipe\\com_1"
sound.present = "TRUE"
sound.virtualDev = "hdaudio"
usb.present = "TRUE"
ehci.present = "TRUE"
usb:1.present = "TRUE"
usb:1.deviceType = "storage"
firewire.present = "TRUE"
rtc.diffFromUTC = "3600"
checkpoint.vmState = "web.vmss"
guestinfo.role = "front"
`;

/** Virtual Server's: \`disks\` are the locations of controllers, as XML. */
export function vmcText(parts: { readonly ide?: string; readonly scsi?: string } = {}): string {
  const {
    ide = `<ide_controller id="0"><location id="0"><drive_type type="integer">1</drive_type>
<pathname><absolute type="string">C:\\Virtual Machines\\old.vhd</absolute><relative type="string">.\\old.vhd</relative></pathname>
<undo_pathname><absolute type="string">C:\\Virtual Machines\\old.vud</absolute></undo_pathname></location></ide_controller>
<ide_controller id="1"><location id="0"><drive_type type="integer">2</drive_type>
<pathname><absolute type="string">D:\\</absolute></pathname></location></ide_controller>`,
    scsi = '',
  } = parts;
  return `<?xml version="1.0" encoding="UTF-16"?>
<!-- Microsoft Virtual Machine Options and Settings -->
<preferences>
<version type="string">2.0</version>
<alerts><notifications><no_boot_disk type="boolean">true</no_boot_disk></notifications></alerts>
<hardware>
<memory><ram_size type="integer">256</ram_size></memory>
<bios><bios_guid type="string">{0D0E0F10-1112-1314-1516-171819202122}</bios_guid>
<base_board><serial_number type="string">1234-5678</serial_number></base_board>
<chassis><asset_tag type="string">A-1</asset_tag><serial_number type="string">C-1</serial_number></chassis></bios>
<pci_bus>
<ethernet_adapter><controller_count type="integer">1</controller_count>
<ethernet_controller id="0"><virtual_network><id type="bytes">00</id><name type="string">Internal &amp; more</name></virtual_network>
<ethernet_card_address type="bytes">0003FF112233</ethernet_card_address></ethernet_controller></ethernet_adapter>
<video_adapter><vram_size type="integer">8</vram_size></video_adapter>
<ide_adapter>${ide}</ide_adapter><scsi_adapter>${scsi}</scsi_adapter>
</pci_bus>
<super_io><floppy id="0"><auto_detect type="boolean">true</auto_detect></floppy>
<serial_port id="0"><port_type type="integer">2</port_type><port_name type="string">COM1</port_name></serial_port></super_io>
<sound_adapter><enable type="boolean">true</enable></sound_adapter>
</hardware>
<settings><undo_drives><enabled type="boolean">true</enabled></undo_drives>
<novel><thing type="string">kept</thing></novel></settings>
</preferences>
`;
}

/** As Virtual PC writes it: UTF-16 with a mark. */
export function inUtf16(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
}
