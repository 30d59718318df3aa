// What Terraform's provider for libvirt asks, in its order, with the library that it is made with: go-libvirt, which writes the
// protocol itself. Prints what it saw as JSON; ends with 1 at the first error.
//
//	provider SOCKET URI POOL
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
)

const mebibyte = 1 << 20

func must(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func makeVolume(l *libvirt.Libvirt, pool libvirt.StoragePool, name string, bytes int, format string, backing string) libvirt.StorageVol {
	const form = `<volume><name>%s</name><capacity unit="bytes">%d</capacity><target><format type="%s"/></target>%s</volume>`
	volume, err := l.StorageVolCreateXML(pool, fmt.Sprintf(form, name, bytes, format, backing), 0)
	must(name, err)
	found, err := l.StorageVolLookupByKey(volume.Key)
	must("by key", err)
	return found
}

func pathOf(l *libvirt.Libvirt, volume libvirt.StorageVol) string {
	path, err := l.StorageVolGetPath(volume)
	must("path", err)
	return path
}

func main() {
	socket, uri, poolName := os.Args[1], os.Args[2], os.Args[3]
	told := map[string]interface{}{}
	dialer := dialers.NewLocal(dialers.WithSocket(socket), dialers.WithLocalTimeout(10*time.Second))
	l := libvirt.NewWithDialer(dialer)
	must("connect", l.ConnectToURI(libvirt.ConnectURI(uri)))
	_, err := l.ConnectGetLibVersion()
	must("version", err)
	kind, err := l.ConnectGetType()
	must("type", err)
	told["type"] = kind
	_, err = l.ConnectGetCapabilities()
	must("capabilities", err)
	events, err := l.LifecycleEvents(context.Background())
	must("events", err)

	pool, err := l.StoragePoolLookupByName(poolName)
	must("pool", err)
	must("refresh", l.StoragePoolRefresh(pool, 0))
	// base_volume_id, and a size.
	base := makeVolume(l, pool, "base.qcow2", 8*mebibyte, "qcow2", "")
	below := fmt.Sprintf(`<backingStore><path>%s</path><format type="qcow2"></format></backingStore>`, pathOf(l, base))
	disk := makeVolume(l, pool, "provided.qcow2", 16*mebibyte, "qcow2", below)
	content := bytes.Repeat([]byte("cloud-init"), 40000)
	seed := makeVolume(l, pool, "provided.iso", len(content), "raw", "")
	size := uint64(len(content))
	must("upload", l.StorageVolUpload(seed, bytes.NewReader(content), 0, size, 0))
	var back bytes.Buffer
	must("download", l.StorageVolDownload(seed, &back, 0, size, 0))
	told["returned"] = bytes.Equal(back.Bytes(), content)

	network, err := l.NetworkDefineXML(`<network><name>provided</name><forward mode="nat"><nat><port start="1024" end="65535"></port></nat></forward>
<bridge stp="on"></bridge><dns enable="no"></dns><ip address="10.17.3.1" family="ipv4" prefix="24"><dhcp><range start="10.17.3.3" end="10.17.3.254"></range></dhcp></ip></network>`)
	must("network", err)
	must("network started", l.NetworkCreate(network))
	must("network by itself", l.NetworkSetAutostart(network, 1))
	active, err := l.NetworkIsActive(network)
	must("network active", err)
	told["network"] = active == 1

	domain, err := l.DomainDefineXML(fmt.Sprintf(`<domain type="kvm"><name>provided</name><memory unit="MiB">64</memory>
<vcpu placement="static">1</vcpu><os><type>hvm</type></os><features><pae></pae><acpi></acpi><apic></apic></features><cpu></cpu><devices>
<disk type="file" device="disk"><driver name="qemu" type="qcow2"></driver><source file="%s"></source><target dev="vda" bus="virtio"></target></disk>
<disk type="file" device="cdrom"><driver name="qemu" type="raw"></driver><source file="%s"></source><target dev="hdd" bus="ide"></target></disk>
<console><target type="serial" port="0"></target></console>
<channel><source mode="bind"></source><target type="virtio" name="org.qemu.guest_agent.0"></target></channel>
<graphics type="vnc" autoport="yes"><listen type="address"></listen></graphics>
<rng model="virtio"><backend model="random">/dev/urandom</backend></rng></devices></domain>`, pathOf(l, disk), pathOf(l, seed)))
	must("define", err)
	must("autostart", l.DomainSetAutostart(domain, 1))
	must("start", l.DomainCreate(domain))
	state, _, err := l.DomainGetState(domain, 0)
	must("state", err)
	told["running"] = state == 1
	_, err = l.DomainInterfaceAddresses(domain, 0, 0)
	must("addresses", err)
	_, err = l.DomainGetXMLDesc(domain, 0)
	must("description", err)
	all, _, err := l.ConnectListAllDomains(1, 0)
	must("list", err)
	told["vms"] = len(all)
	stats, err := l.ConnectGetAllDomainStats(nil, 0, 0)
	must("figures", err)
	told["figures"] = len(stats)

	must("destroy", l.DomainDestroy(domain))
	must("undefine", l.DomainUndefineFlags(domain, libvirt.DomainUndefineNvram|libvirt.DomainUndefineSnapshotsMetadata|
		libvirt.DomainUndefineManagedSave|libvirt.DomainUndefineCheckpointsMetadata))
	for _, volume := range []libvirt.StorageVol{seed, disk, base} {
		must("delete "+volume.Name, l.StorageVolDelete(volume, 0))
	}
	must("network stopped", l.NetworkDestroy(network))
	must("network undefined", l.NetworkUndefine(network))
	_, err = l.DomainLookupByName("provided")
	told["gone"] = libvirt.IsNotFound(err)

	heard := []int32{}
	for event := range events {
		if event.Dom.Name != "provided" {
			continue
		}
		heard = append(heard, event.Event)
		if event.Event == int32(libvirt.DomainEventUndefined) {
			break
		}
	}
	told["heard"] = heard
	must("disconnect", l.Disconnect())
	must("answer", json.NewEncoder(os.Stdout).Encode(told))
}
