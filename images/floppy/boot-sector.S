# The boot sector of the boot floppy: says on the screen and on the first serial port that the machine started
# from floppy, waits for a key from either, and hands over to the next boot device (BIOS interrupt 18h).
# The first 62 bytes are the jump and the FAT12 parameters, which mformat writes.
# boot-sector.ts holds this file assembled; its test assembles it again and compares.

        .code16
        .globl  start
start:
        jmp     code
        nop
        .org    62
code:
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        cld
        sti
        movw    $0x0003, %ax            # text mode, which clears the screen
        int     $0x10
        xorw    %dx, %dx
        movw    $0x00e3, %ax            # 9600 baud, 8 bits, no parity
        int     $0x14
        movw    $(0x7c00 + message - start), %si
next:
        lodsb
        testb   %al, %al
        jz      wait
        pushw   %ax
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        popw    %ax
        cmpw    $0, 0x400               # address of the first serial port, 0 without one
        je      next
        movb    $1, %ah
        xorw    %dx, %dx
        int     $0x14
        jmp     next
wait:
        movb    $1, %ah                 # a key on the keyboard?
        int     $0x16
        jnz     key
        cmpw    $0, 0x400
        je      idle
        movb    $3, %ah                 # a byte on the serial port?
        xorw    %dx, %dx
        int     $0x14
        testb   $1, %ah
        jnz     byte
idle:
        hlt                             # until the next interrupt, 18 a second at least
        jmp     wait
key:
        xorw    %ax, %ax                # taken, so that the next device does not see it
        int     $0x16
        int     $0x18
        jmp     wait
byte:
        movb    $2, %ah
        xorw    %dx, %dx
        int     $0x14
        int     $0x18
        jmp     wait
message:
        .ascii  "Gantry boot floppy\r\n\r\n"
        .ascii  "This machine started from its floppy drive.\r\n"
        .asciz  "Press a key to start from the next device.\r\n"
        .org    510
        .byte   0x55, 0xaa
