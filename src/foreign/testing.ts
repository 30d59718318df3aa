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

/** As VMware's products export a vm: a choice of sizes, a choice of adapters, devices of their own. */
export const vmwareOvfText = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope vmw:buildId="build-1" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:href="shop-disk1.vmdk" ovf:id="file1" ovf:size="68096"/><File ovf:href="tools.iso" ovf:id="file2"/></References>
  <DiskSection><Info>Virtual disk information</Info>
    <Disk ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
    <Disk ovf:capacity="20" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="vmdisk2"/>
  </DiskSection>
  <NetworkSection><Info>The list of logical networks</Info><Network ovf:name="VM Network"><Description>it</Description></Network></NetworkSection>
  <DeploymentOptionSection><Info>Sizes</Info><Configuration ovf:id="small"><Label>S</Label></Configuration><Configuration ovf:id="large" ovf:default="true"><Label>L</Label></Configuration></DeploymentOptionSection>
  <VirtualSystem ovf:id="shop">
    <Info>A virtual machine</Info>
    <Name>shop &amp; more</Name>
    <OperatingSystemSection ovf:id="94" vmw:osType="ubuntu64Guest"><Info>The kind of guest</Info></OperatingSystemSection>
    <AnnotationSection><Info>A note</Info><Annotation>first line
second line</Annotation></AnnotationSection>
    <EulaSection><Info>Terms</Info><License>you agree</License></EulaSection>
    <ProductSection><Info>P</Info><Property ovf:key="hostname" ovf:type="string" ovf:value="shop"/><Property ovf:key="secret" ovf:password="true" ovf:value="hidden"/></ProductSection>
    <VirtualHardwareSection ovf:transport="iso">
      <Info>Virtual hardware requirements</Info>
      <System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
      <Item ovf:configuration="small"><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item ovf:configuration="large"><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity><vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket></Item>
      <Item ovf:bound="max"><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>16</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>768</rasd:VirtualQuantity></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:ElementName>SCSI controller 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:Address>1</rasd:Address><rasd:ElementName>VirtualIDEController 1</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceType>5</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Hard disk 1</rasd:ElementName><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>7</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:ElementName>Hard disk 2</rasd:ElementName><rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource><rasd:InstanceID>8</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:AutomaticAllocation>false</rasd:AutomaticAllocation><rasd:ElementName>CD-ROM 1</rasd:ElementName><rasd:HostResource>ovf:/file/file2</rasd:HostResource><rasd:InstanceID>9</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceSubType>vmware.cdrom.iso</rasd:ResourceSubType><rasd:ResourceType>15</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>VM Network</rasd:Connection><rasd:ElementName>Ethernet 1</rasd:ElementName><rasd:InstanceID>11</rasd:InstanceID><rasd:ResourceSubType>VmxNet3 E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
      <Item><rasd:Address>00:50:56:00:00:07</rasd:Address><rasd:AutomaticAllocation>false</rasd:AutomaticAllocation><rasd:Connection>VM Network</rasd:Connection><rasd:InstanceID>12</rasd:InstanceID><rasd:ResourceSubType>PCNet32</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:ElementName>USB Controller (XHCI)</rasd:ElementName><rasd:InstanceID>13</rasd:InstanceID><rasd:ResourceSubType>vmware.usb.xhci</rasd:ResourceSubType><rasd:ResourceType>23</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:ElementName>Sound card</rasd:ElementName><rasd:InstanceID>14</rasd:InstanceID><rasd:ResourceSubType>vmware.soundcard.hdaudio</rasd:ResourceSubType><rasd:ResourceType>1</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:ElementName>Video card</rasd:ElementName><rasd:InstanceID>15</rasd:InstanceID><rasd:ResourceType>24</rasd:ResourceType><vmw:Config ovf:required="false" vmw:key="enable3DSupport" vmw:value="false"/></Item>
      <Item ovf:required="false"><rasd:ElementName>Some card</rasd:ElementName><rasd:InstanceID>16</rasd:InstanceID><rasd:ResourceSubType>vmware.pcipassthrough</rasd:ResourceSubType><rasd:ResourceType>1</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:ElementName>Serial port 1</rasd:ElementName><rasd:InstanceID>17</rasd:InstanceID><rasd:ResourceType>21</rasd:ResourceType></Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
      <vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="true"/>
      <vmw:Config ovf:required="false" vmw:key="cpuHotAddEnabled" vmw:value="true"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;

/** As VirtualBox writes it in OVF 2.0: items of two more kinds, and its own description of the vm. */
export const virtualBoxOvfText = `<?xml version="1.0"?>
<ovf:Envelope ovf:version="2.0" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2" xmlns:rasd="r" xmlns:sasd="s" xmlns:epasd="e" xmlns:vbox="http://www.virtualbox.org/ovf/machine">
  <ovf:References><ovf:File ovf:id="file1" ovf:href="box-disk001.vmdk"/></ovf:References>
  <ovf:DiskSection><ovf:Info>x</ovf:Info><ovf:Disk ovf:capacity="10737418240" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="f" vbox:uuid="u"/></ovf:DiskSection>
  <ovf:VirtualSystemCollection ovf:id="all"><ovf:Info>i</ovf:Info>
  <ovf:VirtualSystem ovf:id="box">
    <ovf:Info>A virtual machine</ovf:Info>
    <ovf:OperatingSystemSection ovf:id="96"><ovf:Info>x</ovf:Info><ovf:Description>Debian_64</ovf:Description><vbox:OSType ovf:required="false">Debian_64</vbox:OSType></ovf:OperatingSystemSection>
    <ovf:VirtualHardwareSection><ovf:Info>x</ovf:Info>
      <ovf:Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></ovf:Item>
      <ovf:Item><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>1024</rasd:VirtualQuantity></ovf:Item>
      <ovf:Item><rasd:Address>0</rasd:Address><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>AHCI</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></ovf:Item>
      <ovf:StorageItem><sasd:AddressOnParent>0</sasd:AddressOnParent><sasd:HostResource>/disk/vmdisk1</sasd:HostResource><sasd:InstanceID>4</sasd:InstanceID><sasd:Parent>3</sasd:Parent><sasd:ResourceType>17</sasd:ResourceType></ovf:StorageItem>
      <ovf:EthernetPortItem><epasd:AutomaticAllocation>true</epasd:AutomaticAllocation><epasd:Connection>NAT</epasd:Connection><epasd:InstanceID>5</epasd:InstanceID><epasd:ResourceSubType>E1000</epasd:ResourceSubType><epasd:ResourceType>10</epasd:ResourceType></ovf:EthernetPortItem>
      <ovf:Item><rasd:ElementName>sound</rasd:ElementName><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceSubType>ensoniq1371</rasd:ResourceSubType><rasd:ResourceType>35</rasd:ResourceType></ovf:Item>
    </ovf:VirtualHardwareSection>
    <vbox:Machine ovf:required="false" uuid="{564d0102-0304-0506-0708-090a0b0c0d0e}" name="box"><vbox:Hardware><Firmware type="EFI"/></vbox:Hardware></vbox:Machine>
  </ovf:VirtualSystem></ovf:VirtualSystemCollection>
</ovf:Envelope>
`;
