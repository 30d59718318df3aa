# The start of a kernel that unpacks itself fast: what the boot loader jumps to by the 32-bit boot protocol
# (Linux Documentation/arch/x86/boot.rst): protected mode, flat segments, %esi = boot_params.
#
#   1. chooses where the kernel goes: its own address, or the next one after it at every other start
#   2. copies itself and the packed kernel behind that
#   3. maps the first 4 GiB one to one and enters long mode
#   4. unpacks the LZ4 block to the chosen address and jumps to it, %rsi = boot_params
#
# Two places, because an emulator that translates code is slow to write where it has run code: a machine
# that is reset would unpack its kernel over the one that just ran. Which place was used last is seen by
# a word of the kernel that does not change while it runs. Where memory does not reach for two, or something lies in it, there is one.
#
# The words of `facts` are filled in by stub.ts, which holds this file assembled; its test assembles it
# again and compares.

        .set    BP_e820_entries, 0x1e8
        .set    BP_ramdisk_image, 0x218
        .set    BP_ramdisk_size, 0x21c
        .set    BP_cmd_line_ptr, 0x228
        .set    BP_e820_table, 0x2d0

        .code32
        .globl  start
start:
        cld
        cli
        jmp     begin
        .balign 8
facts:
kernel_at:      .long 0         # address of the kernel's first place, a multiple of 2 MiB
kernel_span:    .long 0         # how much it needs there, a multiple of 2 MiB; the second place follows
copy_words:     .long 0         # size of this image in 4-byte words
copy_span:      .long 0         # the same in bytes with tables and stack
packed_end:     .long 0         # where in this image the packed kernel ends
tables:         .long 0         # where behind this image 7 pages are: six of page tables, one of stack
signature:      .long 0         # a word of the kernel that stays as it is
signature_at:   .long 0         # where it stands in the kernel

begin:
        leal    BP_e820_entries(%esi), %esp     # boot_params.scratch below it is a stack for one call
        call    1f
1:      popl    %ebp
        subl    $(1b - start), %ebp             # where we were loaded
        movl    %esi, %edx
        movl    (kernel_at - start)(%ebp), %ebx
        movl    %ebx, %edi
        addl    (kernel_span - start)(%ebp), %edi

        # Is [second place, its end and the copy) free memory? %edi = start, %ecx = end.
        movl    %edi, %ecx
        addl    (kernel_span - start)(%ebp), %ecx
        addl    (copy_span - start)(%ebp), %ecx
        cmpl    %ebx, %edx                      # boot_params and command line lie below
        jae     copy
        cmpl    %ebx, BP_cmd_line_ptr(%edx)
        jae     copy
        movl    BP_ramdisk_image(%edx), %eax
        cmpl    %ecx, %eax                      # the initramfs lies behind or before
        jae     1f
        addl    BP_ramdisk_size(%edx), %eax
        cmpl    %edi, %eax
        ja      copy
1:      movzbl  BP_e820_entries(%edx), %eax
        leal    BP_e820_table(%edx), %esi
        movl    %eax, %esp                      # entries left; the stack is not needed here
2:      decl    %esp
        js      copy
        cmpl    $1, 16(%esi)                    # usable
        jne     3f
        cmpl    $0, 4(%esi)                     # begins below 4 GiB
        jne     3f
        movl    (%esi), %eax
        cmpl    %edi, %eax
        ja      3f
        cmpl    $0, 12(%esi)
        jne     free
        addl    8(%esi), %eax
        jc      free
        cmpl    %ecx, %eax
        jae     free
3:      addl    $20, %esi
        jmp     2b

free:
        movl    (signature - start)(%ebp), %eax
        movl    (signature_at - start)(%ebp), %ecx
        cmpl    %eax, (%ebx, %ecx)
        jne     1f
        movl    $0, (%ebx, %ecx)                # ran at the first place: now the second
        movl    %edi, %ebx
        jmp     2f
1:      movl    $0, (%edi, %ecx)
2:      addl    (kernel_span - start)(%ebp), %edi

copy:                                           # %ebx = the kernel's place, %edi = ours
        movl    %edi, %eax
        movl    %ebp, %esi
        movl    (copy_words - start)(%ebp), %ecx
        rep movsl
        movl    %eax, %ebp
        addl    $(moved - start), %eax
        jmp     *%eax

moved:                                          # %ebp = new address, %edx = boot_params
        movl    (tables - start)(%ebp), %esi
        addl    %ebp, %esi
        movl    %esi, %edi
        xorl    %eax, %eax
        movl    $(6 * 1024), %ecx
        rep stosl
        leal    0x1003(%esi), %eax      # one top entry
        movl    %eax, (%esi)
        leal    0x2003(%esi), %eax      # four entries of one GiB
        movl    $4, %ecx
        leal    0x1000(%esi), %edi
1:      movl    %eax, (%edi)
        addl    $0x1000, %eax
        addl    $8, %edi
        loop    1b
        movl    $0x83, %eax             # 2048 pages of 2 MiB
        movl    $2048, %ecx
        leal    0x2000(%esi), %edi
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    1b

        leal    0x7000(%esi), %esp
        leal    (gdt - start)(%ebp), %eax
        pushl   %eax
        pushw   $(gdt_end - gdt - 1)
        lgdt    (%esp)
        movl    %cr4, %eax
        orl     $0x20, %eax             # physical address extension
        movl    %eax, %cr4
        movl    %esi, %cr3
        movl    %edx, %esi              # boot_params, as wrmsr takes %edx
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x100, %eax            # long mode enable
        wrmsr
        pushl   $0x10
        leal    (long - start)(%ebp), %eax
        pushl   %eax
        movl    %cr0, %eax
        orl     $0x80000001, %eax       # paging
        movl    %eax, %cr0
        lretl

        .code64
long:                                   # %ebp = our address, %ebx = the kernel's, %esi = boot_params
        movl    $0x18, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %esp, %esp              # the upper half is not defined yet
        movl    %esi, %r15d
        movl    %ebp, %r14d
        movl    %ebx, %edi
        movl    %ebx, %r12d
        movl    (packed_end - start)(%r14), %r8d
        addq    %r14, %r8
        leaq    (packed - start)(%r14), %rsi

next:                                   # one LZ4 sequence
        xorl    %eax, %eax
        lodsb
        movl    %eax, %ebx
        shrl    $4, %eax
        call    length
        movq    %rsi, %r9
        addq    %rcx, %r9
        movq    %rdi, %r10
        addq    %rcx, %r10
1:      movq    (%rsi), %rax            # literals, eight at a time and past the end
        movq    %rax, (%rdi)
        addq    $8, %rsi
        addq    $8, %rdi
        cmpq    %r10, %rdi
        jb      1b
        movq    %r9, %rsi
        movq    %r10, %rdi
        cmpq    %r8, %rsi
        jae     done
        xorl    %eax, %eax
        lodsw
        movl    %eax, %edx              # distance
        movl    %ebx, %eax
        andl    $15, %eax
        call    length
        addl    $4, %ecx
        movq    %rsi, %r9
        movq    %rdi, %rsi
        subq    %rdx, %rsi
        cmpl    $8, %edx
        jb      3f
        leaq    (%rdi, %rcx), %r10
2:      movq    (%rsi), %rax
        movq    %rax, (%rdi)
        addq    $8, %rsi
        addq    $8, %rdi
        cmpq    %r10, %rdi
        jb      2b
        movq    %r10, %rdi
        jmp     4f
3:      rep movsb                       # overlapping: byte for byte
4:      movq    %r9, %rsi
        jmp     next

length:                                 # %eax = nibble; %ecx = length
        movl    %eax, %ecx
        cmpb    $15, %al
        jne     2f
1:      xorl    %eax, %eax
        lodsb
        addl    %eax, %ecx
        cmpb    $255, %al
        je      1b
2:      ret

done:
        movq    %r15, %rsi
        jmp     *%r12

        .balign 8
gdt:    .quad   0, 0
        .quad   0x00af9a000000ffff      # 0x10: 64-bit code
        .quad   0x00cf92000000ffff      # 0x18: data
gdt_end:
        .balign 16
packed:
