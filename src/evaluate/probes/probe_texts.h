/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TEXTS_H
#define PROBE_TEXTS_H

/* What the probes of the certificate's life say of themselves, whether or not this program was built with the
 * parties that they need. */

#define P18_TEXTS                                                                                                                                     \
        .id = "P18", .title = "Expired, revoked, held", .title_ja = "期限切れ・失効・一時保留",                                                       \
        .attack =                                                                                                                                     \
                "Log in with a certificate that has expired, is on hold or was revoked, and show the portal "                                         \
                "stale and forged lists and answers that call it good; revoke the card alone.",                                                       \
        .attack_ja = "期限切れ・一時保留・失効した証明書で認証し、古い又は偽造した失効情報を検証者に示す。" \
                     "カードだけを失効させる。",                                                                                                      \
        .must = "Each login is refused, from the call on; with the card's certificate the phone's one ends.",                                         \
        .must_ja = "届出の時点から全ての認証が拒否され、カードの失効とともに端末側も失効する。",                                                      \
        .responsible = "relying party", .needs = TARGET_LIFE

#define P19_TEXTS                                                                                                \
        .id = "P19", .title = "The revoked signing key", .title_ja = "失効した署名用の鍵",                       \
        .attack =                                                                                                \
                "Revoke the signing certificate while the phone is out of reach, and go on signing with it.",    \
        .attack_ja = "端末に通信が届かない間に署名用証明書を失効させ、署名を続ける。",                           \
        .must = "The key stops by itself when its status lease is used up, and no lease is given for a revoked " \
                "certificate.",                                                                                  \
        .must_ja = "リースを使い切ると鍵が自ら停止し、失効した証明書に新たなリースは与えられない。",             \
        .responsible = "TSM", .needs = TARGET_LIFE

#define P20_TEXTS                                                                                                         \
        .id = "P20", .title = "The phone that was sold", .title_ja = "売却された端末",                                    \
        .attack =                                                                                                         \
                "Sell a phone that the order to erase never reached, or one whose erasure was cut by a power "            \
                "loss; bring forged proofs of erasure.",                                                                  \
        .attack_ja = "消去命令が届かない端末や、電源断で消去が中断した端末を売却する。"   \
                     "偽造した消去証明を提出する。",                                                                      \
        .must = "Whoever has the phone afterwards reaches nothing of its former owner; erasure is believed on "           \
                "the element's own receipt only.",                                                                        \
        .must_ja =                                                                                                        \
                "新しい所有者は前の所有者の鍵に到達できず、消去はセキュアエレメント自身の受領証によってのみ信じられる。", \
        .responsible = "TSM", .needs = TARGET_LIFE

#define P21_TEXTS                                                                                              \
        .id = "P21", .title = "Reset and issue without a live card",                                           \
        .title_ja = "有効なカードによらない初期化・発行",                                                      \
        .attack =                                                                                              \
                "Have the PIN reset, and certificates issued, with a card on hold, an expired one, a revoked " \
                "one, and another person's.",                                                                  \
        .attack_ja =                                                                                           \
                "一時保留・期限切れ・失効したカードや他人のカードで、PINの初期化と証明書の発行を求める。",     \
        .must = "Each is refused, and the former PIN stays; the holder's own live card is served.",            \
        .must_ja = "全て拒否され、従来のPINが残る。本人の有効なカードでは行える。", .responsible = "TSM",      \
        .needs = TARGET_LIFE

#endif
