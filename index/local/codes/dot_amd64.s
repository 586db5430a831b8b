#include "textflag.h"

// func dotAVX2(q *int8, codes *byte, blocks int) int32
//
// A block is 64 codes in 32 bytes. Its low and high halves are multiplied with
// those of q and added in pairs, to sums of 16 bits that cannot overflow
// (4 · 15 · 127), and these in pairs to eight sums of 32 bits.
TEXT ·dotAVX2(SB), NOSPLIT, $0-28
	MOVQ     q+0(FP), SI
	MOVQ     codes+8(FP), DI
	MOVQ     blocks+16(FP), CX
	VPXOR    Y0, Y0, Y0
	VPCMPEQD Y7, Y7, Y7
	VPSRLW   $15, Y7, Y6     // sixteen times 1
	VPSRLW   $12, Y7, Y5
	VPSLLW   $8, Y5, Y4
	VPOR     Y4, Y5, Y5      // thirty-two times 15

block:
	VMOVDQU    (DI), Y1
	VPSRLW     $4, Y1, Y2
	VPAND      Y5, Y1, Y1
	VPAND      Y5, Y2, Y2
	VPMADDUBSW (SI), Y1, Y1
	VPMADDUBSW 32(SI), Y2, Y2
	VPADDW     Y1, Y2, Y1
	VPMADDWD   Y6, Y1, Y1
	VPADDD     Y1, Y0, Y0
	ADDQ       $32, DI
	ADDQ       $64, SI
	DECQ       CX
	JNZ        block

	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0x4E, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xB1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, AX
	VZEROUPPER
	MOVL         AX, ret+24(FP)
	RET
