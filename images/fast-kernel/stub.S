# The start of a kernel that unpacks itself fast: what the boot loader jumps to by the 32-bit boot protocol
# (Linux Documentation/arch/x86/boot.rst): protected mode, flat segments, %esi = boot_params.
#
#   1. copies itself and the packed kernel behind the place where the kernel goes
#   2. maps the first 4 GiB one to one and enters long mode
#   3. unpacks the LZ4 block to the kernel's own address and jumps to it, %rsi = boot_params
#
# The words of `facts` are filled in by stub.ts; tables and stack lie behind the packed kernel.
# stub.ts holds this file assembled; its test assembles it again and compares.

        .code32
        .globl  start
start:
        cld
        cli
        jmp     begin
        .balign 8
facts:
moved_to:       .long 0         # where this image is copied to
copy_words:     .long 0         # its size in 4-byte words, packed kernel included
packed_end:     .long 0         # end of the packed kernel after the copy
unpack_to:      .long 0         # where the kernel is unpacked to, which is its entry too
tables:         .long 0         # 7 pages after the copy: six of page tables, one of stack

begin:
        leal    0x1e8(%esi), %esp       # boot_params.scratch is a stack for one call
        call    1f
1:      popl    %ebp
        subl    $(1b - start), %ebp     # where we were loaded
        movl    %esi, %edx
        movl    %ebp, %esi
        movl    (moved_to - start)(%ebp), %edi
        movl    (copy_words - start)(%ebp), %ecx
        movl    %edi, %ebx
        rep movsl
        leal    (moved - start)(%ebx), %eax
        jmp     *%eax

moved:                                  # %ebx = new address, %edx = boot_params
        movl    (tables - start)(%ebx), %edi
        movl    %edi, %ebp
        xorl    %eax, %eax
        movl    $(6 * 1024), %ecx
        rep stosl
        leal    0x1003(%ebp), %eax      # one top entry
        movl    %eax, (%ebp)
        leal    0x2003(%ebp), %eax      # four entries of one GiB
        movl    $4, %ecx
        leal    0x1000(%ebp), %edi
1:      movl    %eax, (%edi)
        addl    $0x1000, %eax
        addl    $8, %edi
        loop    1b
        movl    $0x83, %eax             # 2048 pages of 2 MiB
        movl    $2048, %ecx
        leal    0x2000(%ebp), %edi
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    1b

        leal    0x7000(%ebp), %esp
        leal    (gdt - start)(%ebx), %eax
        pushl   %eax
        pushw   $(gdt_end - gdt - 1)
        lgdt    (%esp)
        movl    %cr4, %eax
        orl     $0x20, %eax             # physical address extension
        movl    %eax, %cr4
        movl    %ebp, %cr3
        movl    %edx, %esi              # boot_params, as wrmsr takes %edx
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x100, %eax            # long mode enable
        wrmsr
        pushl   $0x10
        leal    (long - start)(%ebx), %eax
        pushl   %eax
        movl    %cr0, %eax
        orl     $0x80000001, %eax       # paging
        movl    %eax, %cr0
        lretl

        .code64
long:                                   # %ebx = our address, %esi = boot_params
        movl    $0x18, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %esp, %esp              # the upper half is not defined yet
        movl    %esi, %r15d
        movl    %ebx, %r14d
        movl    (packed_end - start)(%r14), %r8d
        movl    (unpack_to - start)(%r14), %edi
        leaq    (packed - start)(%r14), %rsi
        movl    %edi, %r12d

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
